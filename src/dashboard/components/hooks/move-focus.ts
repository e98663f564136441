/**
 * Moves the focus in a grid of links with the arrow keys, also up and down, however many columns fit. Tab still
 * visits the links one by one.
 */
export function moveFocus(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const cells = [...list.querySelectorAll<HTMLElement>('a')];
  const at = cells.indexOf(document.activeElement as HTMLElement);
  const current = cells[at];
  if (current === undefined) return;
  const next = pick(event.key, cells, at, current);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function pick(key: string, cells: HTMLElement[], at: number, current: HTMLElement): HTMLElement | undefined {
  if (key === 'ArrowRight') return cells[at + 1];
  if (key === 'ArrowLeft') return cells[at - 1];
  if (key === 'Home') return cells[0];
  if (key === 'End') return cells.at(-1);
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return undefined;
  const { left, top } = current.getBoundingClientRect();
  const isBeyond = (y: number) => (key === 'ArrowDown' ? y > top + 1 : y < top - 1);
  const inColumn = cells.filter((cell) => {
    const box = cell.getBoundingClientRect();
    return Math.abs(box.left - left) < 2 && isBeyond(box.top);
  });
  return key === 'ArrowDown' ? inColumn[0] : inColumn.at(-1);
}

import { sql } from 'drizzle-orm';
import { bigint, check, customType, datetime, type MySqlColumn } from 'drizzle-orm/mysql-core';

/** Ids and names compare byte by byte: `Node1` and `node1` differ, and accents are not folded away. */
export const identifier = customType<{ data: string; driverData: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length ?? 64}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
});

/** JSON kept as text: MariaDB's JSON is an alias of longtext, which the driver returns unparsed. */
export const jsonText = customType<{ data: unknown; driverData: string }>({
  dataType: () => 'longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (text) => JSON.parse(text),
});

/** A moment in UTC, to the millisecond as JavaScript has it. */
export const moment = () => datetime({ mode: 'date', fsp: 3 });

/** A whole number that stays far below 2^53, so that a JavaScript number holds it exactly. */
export const counter = () => bigint({ mode: 'number' });

/** Refuses any other value. A new value needs a migration, as it should. */
export function oneOf(name: string, column: MySqlColumn, values: readonly string[]) {
  const list = values.map((value) => `'${value}'`).join(', ');
  return check(name, sql`${sql.identifier(column.name)} in (${sql.raw(list)})`);
}

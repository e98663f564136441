/** Scripts that make a shell ask this program what may be typed next. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** Prints `WORD<tab>ABOUT` lines. The line `:files` lets the shell complete files as well. */
export const ASK = '__complete';
export const FILES_MARK = ':files';

/** `self` is the command that starts this program, whatever name it was called by. */
export function writeCompletion(shell: Shell, self: readonly string[]): string {
  return SCRIPTS[shell](self.map(quote).join(' '));
}

function quote(word: string): string {
  return /^[\w./@%+:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const SCRIPTS: Record<Shell, (program: string) => string> = {
  bash: (program) => `# orion completion for bash:  source <(orion completion bash)
_orion() {
  local line word current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  [[ $current == '=' ]] && current=''
  while IFS= read -r line; do
    if [[ $line == '${FILES_MARK}' ]]; then
      compopt -o default 2>/dev/null
    else
      word="\${line%%$'\\t'*}"
      [[ $word == "$current"* ]] && COMPREPLY+=("$word")
    fi
  done < <(${program} ${ASK} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _orion orion
`,
  zsh: (program) => `#compdef orion
# orion completion for zsh:  source <(orion completion zsh), after compinit
_orion() {
  local line files=0
  local -a found
  while IFS= read -r line; do
    if [[ $line == '${FILES_MARK}' ]]; then
      files=1
    elif [[ $line == *$'\\t'?* ]]; then
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}")
    fi
  done < <(${program} ${ASK} "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)
  (( \${#found} )) && _describe -V orion found
  (( files )) && _files
}
compdef _orion orion
`,
  fish: (program) => `# orion completion for fish:  orion completion fish | source
function __orion_complete
  set -l typed (commandline -opc)
  ${program} ${ASK} $typed[2..] (commandline -ct) 2>/dev/null
end
function __orion_words
  __orion_complete | string match -v -- '${FILES_MARK}'
end
function __orion_wants_files
  __orion_complete | string match -q -- '${FILES_MARK}'
end
complete -c orion -f -a '(__orion_words)'
complete -c orion -n __orion_wants_files -F
`,
};

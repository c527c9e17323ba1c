# Completion of PROGRAM. To bash a colon and an equals sign end a word; names of peers and options have them inside.
_FUNCTION() {
    local IFS=$'\v' rest=${COMP_LINE:0:COMP_POINT} part last=-1 words=()
    for part in "${COMP_WORDS[@]}"; do
        # What no blank divides from the part before it belongs to that.
        if [[ $last -lt 0 || $rest == [[:blank:]]* ]]; then
            rest=${rest#"${rest%%[![:blank:]]*}"}
            words[++last]=
        fi
        # The cursor stands in the part, or before it.
        [[ $rest == "$part"* ]] || part=$rest
        words[last]+=$part
        rest=${rest#"$part"}
        [[ -n $rest ]] || break
    done
    local typed=${words[last]//[\"\'\\]/}
    read -r -d '' -a COMPREPLY < <(
        VARIABLE=bash _CLAP_IFS=$IFS _CLAP_COMPLETE_INDEX=$last PROGRAM -- "${words[@]}" 2> /dev/null
    )
    # Bash replaces $2 alone, not what stands before it in the word.
    COMPREPLY=("${COMPREPLY[@]#"${typed%"${2//[\"\'\\]/}"}"}")
    [[ ${words[last]} == *[\"\'\\]* ]] || for part in "${!COMPREPLY[@]}"; do
        printf -v "COMPREPLY[part]" %q "${COMPREPLY[part]}"
    done
    [[ ${COMPREPLY[0]-} != *[=/:] ]] || compopt -o nospace
}
complete -o bashdefault -o nosort -F _FUNCTION PROGRAM

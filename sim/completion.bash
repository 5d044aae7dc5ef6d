# Completion of fedcat-sim for bash.
_fedcat_sim() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local commands="run sweep check replay report topology list"
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
        return
    fi
    case $before in
    -o | --output | --events)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --store)
        mapfile -t COMPREPLY < <(compgen -W "memory lmdb" -- "$word")
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        local options
        options=$("${COMP_WORDS[0]}" "$command" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
        return
    fi
    case $command in
    run | sweep | replay | list)
        local names
        names=$("${COMP_WORDS[0]}" list 2>/dev/null | awk '{print $1}')
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
        [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    topology)
        [ "$COMP_CWORD" -eq 2 ] &&
            mapfile -t COMPREPLY < <(compgen -W "generate describe convert" -- "$word") && return
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}
complete -o filenames -F _fedcat_sim fedcat-sim

# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for vireo(1): commands, their options, and the names of guests as the daemon tells them.

# The guests of the daemon that the words typed so far choose.
_vireo_guests() {
    local i connect=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --connect)
            # A URI's colons and equals signs are words of their own here: the line has it whole.
            connect=(-c "$(_vireo_uri)")
            ;;
        esac
    done
    timeout 2 vireo "${connect[@]}" list --name 2>/dev/null
}

# What follows -c or --connect on the line, without quotes.
_vireo_uri() {
    local rest=${COMP_LINE#*-c}
    rest=${rest#onnect}
    rest=${rest#[ =]}
    rest=${rest%%[ ]*}
    rest=${rest//[\'\"]/}
    printf '%s' "$rest"
}

# Offers each line of $1 that begins with the word being typed.
_vireo_offer() {
    local line
    while IFS= read -r line; do
        [[ -n $line && $line == "$2"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done <<<"$1"
}

_vireo() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        list | status | doctor | help)
            command=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    case $prev in
    -c | --connect)
        _vireo_offer $'qemu:///system\nqemu:///session' "$cur"
        return
        ;;
    -t | --timeout) return ;;
    --images)
        compopt -o dirnames 2>/dev/null
        return
        ;;
    esac
    local common=$'--connect\n--timeout\n--help\n--version'
    case $command in
    '')
        if [[ $cur == -* ]]; then
            _vireo_offer "$common" "$cur"
        else
            _vireo_offer $'list\nstatus\ndoctor\nhelp' "$cur"
        fi
        ;;
    list)
        if [[ $cur == -* ]]; then
            _vireo_offer $'--json\n--name\n'"$common" "$cur"
        else
            _vireo_offer "$(_vireo_guests)" "$cur"
        fi
        ;;
    status)
        if [[ $cur == -* ]]; then
            _vireo_offer "$common" "$cur"
        else
            _vireo_offer "$(_vireo_guests)" "$cur"
        fi
        ;;
    doctor) [[ $cur == -* ]] && _vireo_offer $'--images\n'"$common" "$cur" ;;
    esac
    return 0
}
complete -F _vireo vireo

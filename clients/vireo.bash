# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for vireo(1): commands, options, and the names of the daemon's domains.

# The domains of the daemon that the command line selects.
_vireo_domains() {
    local i connect=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --connect)
            # bash splits a URI at colons and equals signs, so read it from the line.
            connect=(-c "$(_vireo_uri)")
            ;;
        esac
    done
    timeout 2 vireo "${connect[@]}" list --name 2>/dev/null
}
# The value of -c or --connect on the line, without quotes.
# What follows -c or --connect on the line, without quotes.
_vireo_uri() {
    local rest=${COMP_LINE#*-c}
    rest=${rest#onnect}
    rest=${rest#[ =]}
    rest=${rest%%[ ]*}
    rest=${rest//[\'\"]/}
    printf '%s' "$rest"
}

# Completes $2 from the lines of $1.
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
            _vireo_offer "$(_vireo_domains)" "$cur"
        fi
        ;;
    status)
        if [[ $cur == -* ]]; then
            _vireo_offer "$common" "$cur"
        else
            _vireo_offer "$(_vireo_domains)" "$cur"
        fi
        ;;
    doctor) [[ $cur == -* ]] && _vireo_offer $'--images\n'"$common" "$cur" ;;
    esac
    return 0
}
complete -F _vireo vireo

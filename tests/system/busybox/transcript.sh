# sh transcript.sh SESSION: runs the paragraphs of a file one after the other in one shell, and prints
# each as it stands there, then what it said, then its exit code if that is not 0.
run() {
    printf '%s' "$paragraph" | sed 's/^/$ /'
    eval "$paragraph"
    code=$?
    [ $code = 0 ] || echo "[$code]"
    paragraph=
}

paragraph=
while IFS= read -r line <&3; do
    case $line in
    '#'*) ;;
    '') [ -z "$paragraph" ] || run ;;
    *) paragraph="$paragraph$line
" ;;
    esac
done 3<"$1"
[ -z "$paragraph" ] || run

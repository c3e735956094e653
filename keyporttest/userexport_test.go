package keyporttest

// Prune tidies a map of ends, as those of the flows are.
func Prune(m map[int]bool) { prune(m, func(ended bool) bool { return ended }) }

// ReadHTML returns what a browser sees of a page: its main element, its title, what it
// warns of, and its forms.
func ReadHTML(text string) (id, title, alert string, forms int, err error) {
	p, err := readHTML([]byte(text))
	if err != nil {
		return "", "", "", 0, err
	}
	return p.id, p.title, p.alert, len(p.forms), nil
}

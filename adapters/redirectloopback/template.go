package redirectloopback

import "strings"

// The parts of our own pages. html/template would double the size of a small program
// for three values that are escaped in any case.
const (
	style = `:root{color-scheme:light dark}` +
		`body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto 0;padding:0 1.5rem}` +
		`h1{font-size:1.6rem}p:empty{display:none}.code{font-family:ui-monospace,monospace;opacity:.7}`

	// script takes the code and the state out of the address bar and the history
	// (RFC 9700 §4.3).
	script        = `history.replaceState(null,"",location.pathname)`
	scriptElement = `<script>` + script + `</script>`
)

// ownHTML returns a page. Title and text are ours and are not escaped.
func ownHTML(title, text string) string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width,initial-scale=1">` +
		`<title>` + title + `</title><style>` + style + `</style></head>` +
		`<body><main><h1>` + title + `</h1><p>` + text + `</p></main>` + scriptElement + `</body></html>`
}

// fill replaces $name and ${name} by the value of that name, once and from left to
// right, so that no value is taken for a placeholder. Other dollar signs stay.
func fill(text string, values map[string]string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest := placeholder(after)
		value, known := values[name]
		if !known {
			value, rest = "$", after
		}
		b.WriteString(value)
		text = rest
	}
}

// placeholder returns the name after a dollar sign, or "", and what follows it.
func placeholder(text string) (name, rest string) {
	inner, braced := strings.CutPrefix(text, "{")
	length := strings.IndexFunc(inner, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	if length < 0 {
		length = len(inner)
	}
	name, rest = inner[:length], inner[length:]
	if !braced {
		return name, rest
	}
	if rest, closed := strings.CutPrefix(rest, "}"); closed {
		return name, rest
	}
	return "", text
}

package keyporttest

import (
	"fmt"
	"slices"
	"strings"
)

// TB is what [AssertClean] needs of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// AssertClean fails the test when a value shows a secret: one that an authority of
// this process has issued or been given, the key of a [Certificate], or one of
// [PlantSecret]; of a's own, values shorter than eight bytes too. a may be nil.
//
// Each value is printed with every verb that people use, as it is, behind a pointer
// and inside other values; as JSON and XML; through log/slog at every level; and,
// when it is an error, so are its causes. A secret is recognised in plain text, and
// escaped for a URL, JSON, XML or Go, in base64, in hexadecimal, and as the numbers
// of its bytes. The message names the kind of the secret and not its value.
//
// The names and addresses of users who have signed in are looked for as well, unless
// [Options] allow them; only not where fmt prints an unexported field without the
// methods of what is in it. From that, secrets hide behind pointers, and personal data
// need not.
//
// Printing looks into a value without its locks: nobody else may be using it.
func AssertClean(t TB, a *Authority, what string, values ...any) {
	t.Helper()
	for _, v := range values {
		shown := map[string][]string{} // kind to forms
		var kinds []string
		for _, p := range printed(v) {
			for _, kind := range a.shownIn(p.text) {
				if isPersonal(kind) && strings.Contains(p.form, hiddenForm) {
					continue
				}
				if shown[kind] == nil {
					kinds = append(kinds, kind)
				}
				shown[kind] = append(shown[kind], p.form)
			}
		}
		for _, kind := range kinds {
			t.Errorf("%s: a %T shows the %s in: %s", what, v, kind, strings.Join(shown[kind], "; "))
		}
	}
}

// hiddenForm is how forms are called in which fmt calls no methods.
const hiddenForm = "inside a struct, %"

// shownIn returns the kinds of the secrets that a text shows, each once.
func (a *Authority) shownIn(text string) []string {
	var kinds []string
	note := func(kind string) {
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	for _, f := range secrets.find([]byte(text)) {
		note(f.kind)
	}
	for short, kind := range a.shortSecrets() {
		if strings.Contains(text, short) {
			note(kind)
		}
	}
	return kinds
}

// shortSecrets are those of the authority that the registry is too coarse for.
func (a *Authority) shortSecrets() map[string]string {
	short := map[string]string{}
	if a == nil {
		return short
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for value, kind := range a.secrets {
		if len(value) < minSecret {
			short[value] = kind
		}
	}
	return short
}

// form is one way in which a value was printed.
type form struct{ form, text string }

// maxCauses bounds what is printed of an error that wraps many.
const maxCauses = 1000

// printed shows a value in every way in which it may end up in a log.
func printed(v any) []form {
	var out []form
	if text, ok := v.(string); ok {
		return []form{{"text", text}}
	}
	for i, v := range causes(v) {
		of := ""
		if i > 0 {
			of = fmt.Sprintf("cause %d, a %T, ", i, v)
		}
		for _, p := range prints(v) {
			out = append(out, form{of + p.form, p.text})
		}
	}
	return out
}

// causes are v and, when it is an error, all that it wraps, in the order of [errors.Is].
func causes(v any) []any {
	out := []any{v}
	for i := 0; i < len(out) && len(out) < maxCauses; i++ {
		switch e := out[i].(type) {
		case interface{ Unwrap() error }:
			if cause := e.Unwrap(); cause != nil {
				out = append(out, cause)
			}
		case interface{ Unwrap() []error }:
			for _, cause := range e.Unwrap() {
				if cause != nil {
					out = append(out, cause)
				}
			}
		}
	}
	return out
}

package redirectloopback

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed57855a68/keyport/domain"
)

const (
	plainText = "text/plain; charset=utf-8"
	htmlText  = "text/html; charset=utf-8"

	// noFrames goes into every policy; of these, default-src covers none.
	noFrames = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// Our pages name what they may use by its hash, so nothing else runs if something
// should slip in. A caller's page may style itself as it likes.
var (
	ownPolicy    = "default-src 'none'; style-src " + hashOf(style) + "; script-src " + hashOf(script) + noFrames
	callerPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src " + hashOf(script) + noFrames
)

// hashOf is a source of a content security policy (CSP 3 §2.3.1).
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is an answer to a browser.
type page struct {
	status             int
	kind, body, policy string
}

func ownPage(status int, title, text string) page {
	return page{status, htmlText, ownHTML(title, text), ownPolicy}
}

// write sends a page and lets nobody keep, frame or reinterpret it.
func (p page) write(w http.ResponseWriter) {
	if p.policy == "" {
		p.policy = "default-src 'none'" + noFrames
	}
	h := w.Header()
	h.Set("Content-Type", p.kind)
	h.Set("Content-Length", strconv.Itoa(len(p.body)))
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.WriteHeader(p.status)
	_, _ = w.Write([]byte(p.body)) // a browser that has gone misses nothing
}

// The pages that tell nothing.
var (
	strayPage = ownPage(http.StatusBadRequest, "Not expected",
		"This is not the answer that a sign-in on this machine waits for. If you are signing in, go on where you began.")
	overPage = ownPage(http.StatusGone, "This sign-in is over",
		"Its answer has arrived before. You can close this window.")
	unknownPage = ownPage(http.StatusOK, "The answer has arrived",
		"Go back to the program to see how the sign-in went. You can close this window.")
)

// pages are what tells the outcome.
type pages struct{ success, failure page }

func newPages(o Options) pages {
	return pages{
		success: choose(o.SuccessPage, "You are signed in", "You can close this window and go back to the program."),
		failure: choose(o.ErrorPage, "The sign-in failed",
			`$error_description</p><p class="code">$error</p><p>Close this window and go back to the program.`),
	}
}

// choose returns the caller's page, or one of our own.
func choose(caller, title, text string) page {
	switch {
	case caller == "":
		return ownPage(http.StatusOK, title, text)
	case strings.HasPrefix(strings.TrimSpace(caller), "<"):
		return page{http.StatusOK, htmlText, caller + scriptElement, callerPolicy}
	}
	return page{http.StatusOK, plainText, caller, ""}
}

// outcome returns the page for the end of a sign-in.
func (p pages) outcome(err error) page {
	chosen, values := p.success, failure{}
	if err != nil {
		chosen, values = p.failure, failureOf(err)
	}
	escape := func(text string) string { return text }
	if chosen.kind == htmlText {
		escape = html.EscapeString
	}
	chosen.body = fill(chosen.body, map[string]string{
		"error":             escape(shown(values.code)),
		"error_description": escape(shown(values.description)),
		"error_uri":         escape(shown(values.uri)),
	})
	return chosen
}

// failure is what RFC 6749 §4.1.2.1 calls error, error_description and error_uri.
type failure struct{ code, description, uri string }

func failureOf(err error) failure {
	var refused *domain.OAuthError
	if errors.As(err, &refused) {
		return failure{refused.Code, refused.Description.Reveal(), refused.URI}
	}
	return failure{code: "sign_in_failed", description: err.Error()}
}

// maxShown bounds what a server can write onto a page, in characters.
const maxShown = 1000

// shown takes out what is not seen but changes what is: control characters, and those
// that turn the direction of the text.
func shown(text string) string {
	seen := 0
	return strings.Map(func(r rune) rune {
		if seen++; seen > maxShown {
			return -1
		}
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
}

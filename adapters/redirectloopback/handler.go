package redirectloopback

import (
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ServeHTTP answers every request. What it answers depends on the state of the
// sign-in only in the one request that carries it.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if status := r.refusal(req); status != 0 {
		refuse(w, status)
		return
	}
	if r.isOver() { // a page that is loaded again, and whatever else comes late
		overPage.write(w)
		return
	}
	values, status := parameters(w, req)
	if status != 0 {
		refuse(w, status)
		return
	}
	if !isAnswer(values) {
		strayPage.write(w)
		return
	}
	// It is kept first: as soon as it is handed over, the program may finish and close.
	r.keep(req)
	a := newAnswer(values)
	r.hand(a)
	p := r.hold(a)
	// The server's own limit may have passed meanwhile.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeLimit))
	p.write(w)
}

// refusal returns the status for a request that no browser sends when it brings the
// answer of a sign-in; 0 for others.
func (r *receiver) refusal(req *http.Request) int {
	switch {
	case req.URL.IsAbs() || req.URL.Host != "" || !r.target.isHost(req.Host):
		return http.StatusMisdirectedRequest
	case req.Method != http.MethodGet && req.Method != http.MethodPost:
		return http.StatusMethodNotAllowed
	case req.URL.EscapedPath() != r.target.path:
		return http.StatusNotFound
	case isPrefetch(req.Header) || !isNavigation(req):
		return http.StatusForbidden
	}
	return 0
}

// isPrefetch: a browser that loads a page ahead sends the request again when the user
// goes there, if the first one failed.
func isPrefetch(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

// isNavigation uses what browsers say of a request (Fetch Metadata): an image or a
// script of some page is no answer. Clients that say nothing are admitted.
func isNavigation(req *http.Request) bool {
	mode, dest := req.Header.Get("Sec-Fetch-Mode"), req.Header.Get("Sec-Fetch-Dest")
	if mode != "" && mode != "navigate" || dest != "" && dest != "document" {
		return false
	}
	// Fetch §3.2: a navigation by GET sends no Origin.
	origin := req.Header.Get("Origin")
	return req.Method != http.MethodGet || origin == "" || origin == "null"
}

// parameters reads the query of a GET or the form of a POST, never both.
func parameters(w http.ResponseWriter, req *http.Request) (values url.Values, status int) {
	text := req.URL.RawQuery
	if req.Method == http.MethodPost {
		if text != "" {
			return nil, http.StatusBadRequest
		}
		if text, status = form(w, req); status != 0 {
			return nil, status
		}
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, http.StatusBadRequest
	}
	return values, 0
}

func form(w http.ResponseWriter, req *http.Request) (text string, status int) {
	// Form Post Response Mode §2: "application/x-www-form-urlencoded".
	kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return "", http.StatusUnsupportedMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", http.StatusRequestEntityTooLarge
	case err != nil:
		return "", http.StatusBadRequest
	}
	return string(body), 0
}

// isAnswer reports whether values have a state, and nothing twice (RFC 6749 §3.1:
// "parameters MUST NOT be included more than once").
func isAnswer(values url.Values) bool {
	for _, v := range values {
		if len(v) != 1 {
			return false
		}
	}
	return values.Get("state") != ""
}

func (r *receiver) isOver() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.desk.over
}

func (r *receiver) hand(a *answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.desk.hand(a)
}

// keep spares the connection of a request.
func (r *receiver) keep(req *http.Request) {
	if conn, ok := req.Context().Value(connKey{}).(net.Conn); ok {
		r.connections.keep(conn)
	}
}

// hold waits for the page of an answer. It does so when the browser seems to have gone,
// too: that cannot be told from a client that has only finished writing.
func (r *receiver) hold(a *answer) page {
	limit := time.NewTimer(holdLimit)
	defer limit.Stop()
	select {
	case p := <-a.page:
		return p
	case <-limit.C:
	case <-r.ended:
	}
	select { // Close may come right after the outcome
	case p := <-a.page:
		return p
	default:
		return unknownPage
	}
}

// refuse answers without a page.
func refuse(w http.ResponseWriter, status int) {
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", strings.Join([]string{http.MethodGet, http.MethodPost}, ", "))
	}
	page{status: status, kind: plainText, body: http.StatusText(status) + "\n"}.write(w)
}

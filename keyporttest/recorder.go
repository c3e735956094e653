package keyporttest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// Request is what the server received. It prints without the values that were
// sent, which hold secrets.
type Request struct {
	Endpoint  Endpoint
	Authority string // URL; "" for instance discovery
	Method    string
	URL       *url.URL
	Header    http.Header
	Form      url.Values
	Time      time.Time
}

// Format implements [fmt.Formatter] without values.
func (r Request) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("%s %s (%s)", r.Method, r.URL.Host, r.Endpoint))
}

// Assertion returns the header and claims of the client assertion that was sent;
// nil when there was none.
func (r Request) Assertion() (header, claims map[string]any) {
	header, claims, _ = decodeJWT(r.Form.Get("client_assertion"))
	return header, claims
}

func (a *Authority) record(r *http.Request, p place, form url.Values) {
	address := *r.URL
	request := Request{
		Endpoint: p.endpoint, Authority: p.authority.String(), Method: r.Method, URL: &address,
		Header: r.Header.Clone(), Form: maps.Clone(form), Time: a.clock.Now(),
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, request)
	for _, name := range []string{"client_secret", "client_assertion"} {
		if v := form.Get(name); v != "" {
			a.secrets[v] = name
		}
	}
}

// Requests returns what was received so far, in order; of the given endpoints, or
// of all when none is given.
func (a *Authority) Requests(of ...Endpoint) []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Request
	for _, r := range a.requests {
		keep := len(of) == 0
		for _, e := range of {
			keep = keep || r.Endpoint == e
		}
		if keep {
			out = append(out, r)
		}
	}
	return out
}

// Reset forgets the requests and the scripts. Apps, tenants and the clock stay.
func (a *Authority) Reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests, a.rules = nil, nil
}

// Secrets returns every secret value that the server has issued or been given.
func (a *Authority) Secrets() []domain.Secret {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]domain.Secret, 0, len(a.secrets))
	for s := range a.secrets {
		out = append(out, domain.NewSecret(s))
	}
	return out
}

package keyporttest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// Request is what the server received. It prints without the values that were
// sent, which hold secrets.
type Request struct {
	Endpoint  Endpoint
	Authority string // URL; "" for instance discovery and unknown endpoints
	ClientID  string // as the form, the Authorization header or the assertion says; not checked
	Method    string
	URL       *url.URL
	Header    http.Header
	Form      url.Values
	Time      time.Time
}

// Format implements [fmt.Formatter] without values.
func (r Request) Format(f fmt.State, _ rune) {
	host := ""
	if r.URL != nil {
		host = r.URL.Host
	}
	_, _ = io.WriteString(f, fmt.Sprintf("%s %s (%s)", r.Method, host, r.Endpoint))
}

// MarshalText implements [encoding.TextMarshaler] likewise, for JSON and log/slog.
func (r Request) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", r), nil }

// Assertion returns the header and claims of the client assertion that was sent;
// nil when there was none.
func (r Request) Assertion() (header, claims map[string]any) {
	header, claims, _ = decodeJWT(r.Form.Get("client_assertion"))
	return header, claims
}

// clone copies all that a caller may change.
func (r Request) clone() Request {
	address := *r.URL
	r.URL, r.Header, r.Form = &address, r.Header.Clone(), url.Values(http.Header(r.Form).Clone())
	return r
}

// secretParameters are what a form may hold that nobody must see, by the name that
// reports give it.
var secretParameters = map[string]string{
	"client_secret": "client secret", "client_assertion": kindAssertion, "assertion": "assertion",
	"code": "authorization code", "code_verifier": "code verifier", "device_code": "device code",
	"refresh_token": "refresh token", "password": "password",
}

func (a *Authority) record(x *exchange) {
	r := x.request
	request := Request{
		Endpoint: x.endpoint, Authority: x.authority.String(), ClientID: x.clientID(), Method: r.Method, URL: r.URL,
		Header: r.Header, Form: x.form, Time: a.clock.Now(),
	}.clone()
	for name, kind := range secretParameters {
		a.learn(kind, x.form[name]...)
	}
	if _, password, ok := basic(r); ok {
		a.learn("client secret", password)
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a.learn("Authorization header", token)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, request)
}

// Requests returns what was received so far, in order; of the given endpoints, or
// of all when none is given. They are the caller's to change.
func (a *Authority) Requests(of ...Endpoint) []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Request
	for _, r := range a.requests {
		if len(of) == 0 || slices.Contains(of, r.Endpoint) {
			out = append(out, r.clone())
		}
	}
	return out
}

// Secrets returns every secret value that the server has issued or been given since
// it was made or, for tokens and assertions, since Reset.
func (a *Authority) Secrets() []domain.Secret {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]domain.Secret, 0, len(a.secrets))
	for s := range a.secrets {
		out = append(out, domain.NewSecret(s))
	}
	return out
}

// learn registers secrets, here and for the whole process.
func (a *Authority) learn(kind string, values ...string) {
	for _, v := range values {
		if v == "" {
			continue
		}
		a.mu.Lock()
		a.secrets[v] = kind
		a.mu.Unlock()
		secrets.learn(kind, v)
	}
}

package keyporttest

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/seed57855a68/keyport/domain"
)

// maxRequest is what the server reads of a request, in bytes.
const maxRequest = 1 << 20

// exchange is one request on its way through the server.
type exchange struct {
	place
	request *http.Request
	form    url.Values
	badForm error

	// what the token endpoint finds out
	tenant Tenant
	app    App
	method string // how the client authenticated, by its registered name
}

// serve is the whole server: record, then a scripted answer or the real one.
func (a *Authority) serve(r *http.Request) answer {
	x, err := a.receive(r)
	if err != nil {
		return answer{err: err}
	}
	a.record(x)
	if r.URL.Scheme != "https" && x.endpoint != EndpointInstanceMetadata {
		return answer{err: errors.New("keyporttest: " + r.URL.Scheme + " is not https")}
	}
	ctx := r.Context()
	if err := a.wait(ctx, x.endpoint); err != nil {
		return answer{err: err}
	}
	out := a.scripted(ctx, x)
	if out.err == nil && out.header.Get("Date") == "" {
		out.header.Set("Date", a.clock.Now().UTC().Format(http.TimeFormat))
	}
	return out
}

// receive reads a request to its end.
func (a *Authority) receive(r *http.Request) (*exchange, error) {
	x := &exchange{place: a.route(r), request: r}
	if r.Body == nil {
		x.form = url.Values{}
		return x, nil
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxRequest {
		body, x.badForm = body[:maxRequest], errors.New("keyporttest: the request is too large")
	}
	form, err := url.ParseQuery(string(body))
	x.form, x.badForm = form, errors.Join(x.badForm, err)
	return x, nil
}

// respond gives the real answer.
func (a *Authority) respond(x *exchange) answer {
	var out answer
	switch x.endpoint {
	case EndpointInstanceDiscovery, EndpointMetadata, EndpointKeys:
		out = a.publish(x, a.documentAt(x.endpoint))
	case EndpointToken:
		out = a.token(x)
	case EndpointAuthorization:
		out = a.authorize(x)
	case EndpointSignIn:
		out = a.submit(x)
	case EndpointUserInfo:
		out = a.userInfo(x)
	case EndpointRevocation:
		out = a.revocation(x)
	case EndpointEndSession:
		out = a.endSession(x)
	case EndpointDevice:
		out = a.deviceAuthorization(x)
	case EndpointVerification:
		out = a.verification(x)
	case EndpointInstanceMetadata:
		return a.instanceMetadata(x)
	default:
		return empty(http.StatusNotFound)
	}
	if x.authority.Kind() != domain.KindOIDC {
		out.header.Set("X-Content-Type-Options", "nosniff")
		out.header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		if id := x.request.Header.Get("client-request-id"); id != "" {
			out.header.Set("client-request-id", id)
		}
	}
	return out
}

// documentAt is what makes the public document of an endpoint.
func (a *Authority) documentAt(e Endpoint) func(*exchange) (any, *problem) {
	switch e {
	case EndpointInstanceDiscovery:
		return a.instanceDiscovery
	case EndpointMetadata:
		return a.metadata
	}
	return a.keys
}

// publish serves a public document, which is only to be read.
func (a *Authority) publish(x *exchange, of func(*exchange) (any, *problem)) answer {
	if x.request.Method != http.MethodGet {
		out := empty(http.StatusMethodNotAllowed)
		out.header.Set("Allow", http.MethodGet)
		return out
	}
	v, problem := of(x)
	if problem != nil {
		return a.refuse(x, problem)
	}
	return document(v)
}

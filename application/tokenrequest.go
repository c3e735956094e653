package application

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// tokenRequest is a grant on its way to the token endpoint.
type tokenRequest struct {
	operation   string
	api         domain.APIID
	reason      domain.RefreshReason
	authority   domain.Authority
	grant       url.Values    // grant_type and what belongs to it
	scopes      domain.Scopes // as sent
	claims      string
	parameters  domain.Parameters
	correlation string           // "": a random one
	info        TokenRequestInfo // what hooks are told
	signIn      bool             // an ID token alone will do
	anchor      string           // X-AnchorMailbox, a hint where the user's data are; "" for none
	regional    bool             // regions serve the grant
	facts       authFacts
	offset      time.Duration // of the server's clock, by which the proof was made
}

// answer is a token response and how it was come by.
type answer struct {
	tokenendpoint.Response
	metadata      domain.ServerMetadata
	correlationID string
	place
}

// send finds the endpoint, proves who the client is, sends the grant and reads the
// answer. It stores nothing.
func (c *core) send(ctx context.Context, r tokenRequest) (answer, error) {
	metadata, err := c.resolver.Resolve(ctx, r.authority)
	if err != nil {
		return answer{}, failedAs(r.operation, err)
	}
	if r.correlation == "" {
		r.correlation = telemetry.NewCorrelationID()
	}
	got, err := c.exchange(ctx, r, metadata)
	return got, failedUnlessNil(r.operation, err)
}

// sendOnce is one attempt.
func (c *core) sendOnce(ctx context.Context, r tokenRequest, metadata domain.ServerMetadata) (answer, error) {
	form, header, query := c.form(r), c.header(r), r.parameters.Query
	if err := c.add(ctx, r.info, form, header, &query); err != nil {
		return answer{}, err
	}
	facts := authFacts{r.authority, metadata, r.scopes, r.claims, r.correlation}
	r.facts, r.offset = facts, c.skew.Offset() // before the proof: what is learned meanwhile is news to it
	if err := c.prove(ctx, facts, form, header); err != nil {
		return answer{}, err
	}
	response, at, err := c.postInRegion(ctx, r, tokenendpoint.Request{
		Endpoint: metadata.TokenEndpoint, Query: query, Form: form, Header: header, CorrelationID: r.correlation,
		SignIn: r.signIn,
	})
	c.recorder(ctx).note(func(e *domain.AcquisitionEvent) { e.Region = at.region.Outcome })
	if err != nil {
		return answer{}, err
	}
	return answer{response, metadata, r.correlation, at}, nil
}

// prove adds the client's proof, and measures what that takes.
func (c *core) prove(ctx context.Context, f authFacts, form url.Values, header http.Header) error {
	defer c.recorder(ctx).spend(inSigning)()
	return c.authenticate(ctx, c.auth, f, form, header)
}

// form is the body of the request; the client's proof is added to it.
func (c *core) form(r tokenRequest) url.Values {
	form := url.Values{"client_id": {c.clientID}}
	for _, p := range r.parameters.Body {
		form.Set(p.Name, p.Value)
	}
	for name, values := range r.grant {
		form[name] = values
	}
	setUnlessEmpty(form, "scope", r.scopes.String())
	setUnlessEmpty(form, "claims", r.claims)
	if r.authority.Kind().IsMicrosoft() {
		form.Set("client_info", "1")
	}
	return form
}

func (c *core) header(r tokenRequest) http.Header {
	header := http.Header{}
	if r.authority.Kind().IsMicrosoft() {
		header = c.telemetry.Headers(r.api, r.reason, r.correlation)
		if c.throttle == nil {
			header.Del("x-ms-lib-capability") // "retry-after, h429" would not be true
		}
		if r.anchor != "" {
			header.Set("X-AnchorMailbox", r.anchor)
		}
	}
	for _, p := range r.parameters.Header {
		header.Set(p.Name, p.Value)
	}
	return header
}

func setUnlessEmpty(form url.Values, name, value string) {
	if value != "" {
		form.Set(name, value)
	}
}

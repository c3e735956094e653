package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/domain"
)

// Hooks let a program take part in requests to the token endpoint. The zero value of
// every field is none. They are called by many goroutines at once, and a panic of one
// is an error of all who wait for the same token; only a panic of CacheKey is its caller's.
// A plan (PlanTokenForClient and its like) calls CacheKey and no other.
//
// The context that the first three get has the values of the caller whose request it is,
// though others may share it, and ends when the request's time is up.
type Hooks struct {
	// BeforeRequest returns what to add to a token request. What the library or the
	// caller has set already is not for it to set: that is a [*domain.ConfigError], and
	// nothing is sent. Callers who want the same token share one request and so what was
	// added to it, and the cache does not know of it either: see CacheKey.
	BeforeRequest func(context.Context, TokenRequestInfo) (domain.Parameters, error)
	// OnFailure is asked whether to send a failed request again; it may wait first. All of
	// it is made anew: BeforeRequest and the credential are asked again. There are three
	// attempts at most; one is several requests when the clock was wrong or a region's host
	// fails, and all together never more than eight. Of codes and refresh tokens, which a server takes once, it is
	// asked only when the server has refused the request and not the code or token.
	OnFailure func(ctx context.Context, r TokenRequestInfo, failure error) (again bool)
	// OnCompletion sees what became of the requests for one token, once, before those who
	// wait for it do: the result, which is cached, or the error. It is not called when the
	// cache served.
	OnCompletion func(ctx context.Context, r TokenRequestInfo, result domain.Result, err error)
	// CacheKey says what of a caller's context BeforeRequest makes a difference of, such
	// as the name of a policy. Tokens of different keys are different tokens: none is served
	// in place of another, and no request is shared. It is called for every acquisition,
	// for those from the cache too, with the caller's own context; "" is no difference.
	CacheKey func(context.Context) string
}

// TokenRequestInfo tells a hook what a token request is for. It holds no secret; Tenant
// and TokenEndpoint name a tenant.
type TokenRequestInfo struct {
	API           domain.APIID
	ClientID      string
	TokenEndpoint string
	Tenant        string
	GrantType     string
	Scopes        []string
	CorrelationID string
	Attempt       int // 1 for the first
}

// maxAttempts bounds what OnFailure may have repeated.
const maxAttempts = 3

// exchange sends a request, again when it failed and OnFailure says so.
func (c *core) exchange(ctx context.Context, r tokenRequest, metadata domain.ServerMetadata) (answer, error) {
	info := TokenRequestInfo{
		API: r.api, ClientID: c.clientID, TokenEndpoint: metadata.TokenEndpoint, Tenant: r.authority.Tenant(),
		GrantType: r.grant.Get("grant_type"), Scopes: r.scopes.List(), CorrelationID: r.correlation,
	}
	for {
		info.Attempt++
		r.info = info
		got, err := c.sendOnce(ctx, r, metadata)
		if err == nil || !c.sendAgain(ctx, info, err) {
			return got, err
		}
		c.debug(ctx, "a hook has a token request sent again", requestAttrs(info)...)
	}
}

// add puts what BeforeRequest returns into a request that has all but the client's proof.
func (c *core) add(ctx context.Context, info TokenRequestInfo, form url.Values, header http.Header, query *[]domain.Parameter) error {
	if c.hooks.BeforeRequest == nil {
		return nil
	}
	more, err := c.hooks.BeforeRequest(ctx, info)
	if err != nil {
		return fmt.Errorf("before-request hook: %w", err)
	}
	if err := checkAddition(more, takenIn(info.TokenEndpoint, form, *query), header); err != nil {
		return err
	}
	for _, p := range more.Body {
		form.Set(p.Name, p.Value)
	}
	for _, p := range more.Header {
		header.Set(p.Name, p.Value)
	}
	*query = slices.Concat(*query, more.Query)
	return nil
}

// takenIn are the parameters that a request has, lowered: in the form, in the query, and
// in the endpoint's own URL.
func takenIn(endpoint string, form url.Values, query []domain.Parameter) map[string]bool {
	taken := map[string]bool{}
	for name := range form {
		taken[strings.ToLower(name)] = true
	}
	for _, p := range query {
		taken[strings.ToLower(p.Name)] = true
	}
	if u, err := url.Parse(endpoint); err == nil {
		for name := range u.Query() {
			taken[strings.ToLower(name)] = true
		}
	}
	return taken
}

// checkAddition refuses what would change the request instead of adding to it.
func checkAddition(more domain.Parameters, taken map[string]bool, header http.Header) error {
	const field = "Hooks.BeforeRequest"
	if err := more.Check(); err != nil {
		var bad *domain.ConfigError
		if errors.As(err, &bad) {
			return renamed(err, field+strings.TrimPrefix(bad.Field, "ExtraParameters"))
		}
		return err
	}
	for place, list := range map[string][]domain.Parameter{"Query": more.Query, "Body": more.Body, "Header": more.Header} {
		for i, p := range list {
			isTaken := taken[strings.ToLower(p.Name)]
			if place == "Header" {
				isTaken = len(header.Values(p.Name)) > 0
			}
			at := fmt.Sprintf("%s.%s[%d]", field, place, i)
			switch {
			case isTaken:
				return &domain.ConfigError{Field: at, Problem: fmt.Sprintf("sets %q, which the request has already", p.Name), Remedy: "set it in one place"}
			case p.InCacheKey:
				return &domain.ConfigError{
					Field: at, Problem: "is to be in the cache key, and the cache has been asked already",
					Remedy: "return what tells such tokens apart from Hooks.CacheKey",
				}
			}
		}
	}
	return nil
}

// sendAgain asks OnFailure, where it makes sense and does no harm.
func (c *core) sendAgain(ctx context.Context, info TokenRequestInfo, err error) bool {
	if c.hooks.OnFailure == nil || ctx.Err() != nil || info.Attempt >= maxAttempts || !isRepeatable(info.GrantType, err) {
		return false
	}
	return c.hooks.OnFailure(ctx, info, err) && ctx.Err() == nil
}

// isRepeatable reports whether a request that failed like this may be sent again. What
// a server takes once may be spent although no answer came: to send it again would look
// like theft (RFC 9700 §4.14.2).
func isRepeatable(grant string, err error) bool {
	once := grant != "client_credentials" && grant != "password" && grant != grantJWTBearer
	switch e := err.(type) { //nolint:errorlint // one that is wrapped came by a callback, and nothing was sent
	case *domain.OAuthError:
		switch {
		case e.Code == domain.CodeAuthorizationPending, e.Code == domain.CodeSlowDown:
			return false // the flow's own loop asks again
		case once:
			return e.StatusCode < http.StatusInternalServerError && e.Code != domain.CodeInvalidGrant
		}
		return true
	case *domain.ResponseError, *domain.TransportError:
		return !once
	}
	return false // nothing was sent: it was kept back, or a callback failed
}

// completionKey is where a flight's context keeps what was sent for it.
type completionKey struct{}

// sent is the last request of a client; others may be at work in the same context.
type sent struct {
	by   *core
	last TokenRequestInfo
}

// noteRequest tells of a request that goes out now, and remembers it for OnCompletion.
func (c *core) noteRequest(ctx context.Context, info TokenRequestInfo, to string) {
	info.TokenEndpoint = to // a region's, perhaps
	if s, ok := ctx.Value(completionKey{}).(*sent); ok && s.by == c {
		s.last = info
	}
	c.debug(ctx, "a token request goes out", requestAttrs(info)...)
	c.recorder(ctx).note(func(e *domain.AcquisitionEvent) { e.Attempts, e.CorrelationID = e.Attempts+1, info.CorrelationID })
}

// completing adds OnCompletion to a flight's work.
func (c *core) completing(work flight.Work[domain.Result]) flight.Work[domain.Result] {
	if c.hooks.OnCompletion == nil {
		return work
	}
	return func(ctx context.Context, lookAgain bool) (domain.Result, error) {
		s := &sent{by: c}
		ctx = context.WithValue(ctx, completionKey{}, s)
		result, err := work(ctx, lookAgain)
		var pending *stillPending
		if s.last.Attempt > 0 && !errors.As(err, &pending) {
			c.hooks.OnCompletion(ctx, s.last, result, err)
		}
		return result, err
	}
}

// extraKey is the part of an access token's key that the caller's parameters and the
// hooks make; "" for none.
func (c *core) extraKey(ctx context.Context, p domain.Parameters, clientClaims string) string {
	if c.hooks.CacheKey == nil || ctx == nil { // which is refused, and a plan comes here before
		return p.CacheKey(clientClaims)
	}
	return p.CacheKey(clientClaims, c.hooks.CacheKey(ctx))
}

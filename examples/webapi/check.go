package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seed57855a68/keyport"
)

// checker checks the access tokens that callers bring. To the library an access token
// is a secret without a meaning; only the API that it was issued for may look into it.
// It must check the signature, the issuer, the audience, the time and the permission:
// whoever leaves one out lets in tokens of strangers, or those that were meant for
// somebody else. This is the least that will do for one tenant of Entra ID with
// tokens of version 2.0. In a real API, use a library that is made for it.
type checker struct {
	document string // URL of the authority's metadata
	audience string // the API's client id
	scope    string // the permission that callers need
	http     *http.Client
	now      func() time.Time

	mu      sync.Mutex // guards what follows
	issuer  string
	keys    jose.JSONWebKeySet
	fetched time.Time
}

// caller is who calls, on behalf of whom.
type caller struct {
	token  keyport.Secret // the user's assertion to the next API
	user   string         // the same in no two tenants
	client string
}

var (
	errNoToken   = errors.New("there is no access token")
	errToken     = errors.New("the access token does not serve here")
	errNoConsent = errors.New("the access token lacks the permission")
)

// algorithms are those that tokens may be signed with. The token does not choose: one
// that is "signed" with none, or with a key that is public, is not let in.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256}

// leeway is how far two clocks may be apart.
const leeway = time.Minute

// claims are those of an access token that are looked at.
type claims struct {
	jwt.Claims
	Scopes string `json:"scp"`
	Object string `json:"oid"`
	Tenant string `json:"tid"`
	Client string `json:"azp"`
}

// check reads the token of a request (RFC 6750 §2.1).
func (c *checker) check(r *http.Request) (caller, error) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" {
		return caller{}, errNoToken
	}
	token, err := jwt.ParseSigned(text, algorithms)
	if err != nil || len(token.Headers) != 1 {
		return caller{}, fmt.Errorf("%w: it is no JWT of a kind that is taken", errToken)
	}
	issuer, key, err := c.keyOf(r.Context(), token.Headers[0].KeyID)
	if err != nil {
		return caller{}, err
	}
	var got claims
	if err := token.Claims(key, &got); err != nil {
		return caller{}, fmt.Errorf("%w: the authority has not signed it", errToken)
	}
	expected := jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{c.audience}, Time: c.now()}
	if err := got.ValidateWithLeeway(expected, leeway); err != nil {
		return caller{}, fmt.Errorf("%w: %s", errToken, whyNot(err))
	}
	if got.Expiry == nil || got.Object == "" { // which is not an error to the library
		return caller{}, fmt.Errorf("%w: it has no end, or nobody whom it is about", errToken)
	}
	// Only tokens of users have permissions in scp; those of applications have roles.
	if !slices.Contains(strings.Fields(got.Scopes), c.scope) {
		return caller{}, errNoConsent
	}
	return caller{token: keyport.NewSecret(text), user: got.Object + "." + got.Tenant, client: got.Client}, nil
}

// whyNot words what is wrong with the claims of a genuine token.
func whyNot(err error) string {
	switch {
	case errors.Is(err, jwt.ErrInvalidAudience):
		return "it is for somebody else"
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return "another tenant has issued it"
	}
	return "it has expired, or is not good yet"
}

// pause is how long an unknown key is taken for a stranger's before the authority is
// asked for its keys again: nobody shall make us ask it all the time.
const pause = time.Minute

// keyOf finds the key that a token says it is signed with.
func (c *checker) keyOf(ctx context.Context, id string) (issuer string, key any, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.keys.Key(id)
	if len(known) == 0 && c.now().Sub(c.fetched) >= pause {
		if err := c.fetch(ctx); err != nil {
			return "", nil, err
		}
		known = c.keys.Key(id)
	}
	if len(known) == 0 {
		return "", nil, fmt.Errorf("%w: the authority has no such key", errToken)
	}
	return c.issuer, known[0].Key, nil
}

// fetch asks the authority who it is and what it signs with. The caller holds mu.
func (c *checker) fetch(ctx context.Context) error {
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := c.get(ctx, c.document, &document); err != nil {
		return err
	}
	var keys jose.JSONWebKeySet
	if err := c.get(ctx, document.Keys, &keys); err != nil {
		return err
	}
	c.issuer, c.keys, c.fetched = document.Issuer, keys, c.now()
	return nil
}

func (c *checker) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the authority answers with HTTP %d", response.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(into)
}

package assertion

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/domain"
)

const (
	lifetime = 10 * time.Minute
	// signing in a vault or in hardware may take a while
	signTimeout = 30 * time.Second
	maxCached   = 4096
	maxTime     = 1 << 40 // seconds since 1970: no exp means more, and time can reckon with it
)

// Key is what a client signs with.
type Key struct {
	Signer     crypto.Signer
	Chain      []*x509.Certificate // leaf first; may be empty
	SHA1       []byte              // thumbprint of the leaf; nil for unknown
	SHA256     []byte              // likewise
	SendX5C    bool                // send the chain: subject name and issuer authentication
	KeyID      string              // "kid"; "" for none
	Algorithm  string              // JWS name; "" to choose
	PublicHash [sha256.Size]byte   // tells keys apart in the cache
}

// Profile is how a kind of server wants its assertions.
type Profile struct {
	Kind      domain.AuthorityKind
	Audience  string
	Offered   []string // token_endpoint_auth_signing_alg_values_supported
	ClientID  string
	Overrides map[string]any // claims of the caller; they may replace the six standard ones
}

// Cache keeps signed assertions. Microsoft's servers take one again and again
// until it expires; the standard lets others refuse that (RFC 7523 §3), so for
// them each is new. The zero Cache is ready.
type Cache struct {
	flights flight.Group[cacheKey, signed]

	mu    sync.Mutex // guards byKey
	byKey map[cacheKey]signed
}

type cacheKey struct {
	key       [sha256.Size]byte
	keyID     string
	alg       string
	kind      domain.AuthorityKind
	audience  string
	client    string
	overrides string
}

type signed struct {
	token      domain.Secret
	at         time.Time // before it, the server's clock as it is known now does not accept it
	reuseUntil time.Time
}

// Get returns an assertion for p, signed with k at now or not long before. now is the
// time by the server's clock, which may turn out to be earlier than it was thought to be.
func (c *Cache) Get(ctx context.Context, k Key, p Profile, now time.Time) (domain.Secret, error) {
	if !p.Kind.IsMicrosoft() {
		s, err := build(k, p, now)
		return s.token, err
	}
	overrides, err := json.Marshal(p.Overrides)
	if err != nil {
		return domain.Secret{}, &domain.ConfigError{Field: "AssertionClaims", Problem: "cannot be written as JSON", Err: err}
	}
	key := cacheKey{k.PublicHash, k.KeyID, k.Algorithm, p.Kind, p.Audience, p.ClientID, string(overrides)}
	mark := c.flights.Mark()
	if s, ok := c.lookUp(key, now); ok {
		return s.token, nil
	}
	s, _, err := c.flights.Do(ctx, key, mark, flight.Options{Timeout: signTimeout}, func(_ context.Context, lookAgain bool) (signed, error) {
		if s, ok := c.lookUp(key, now); lookAgain && ok {
			return s, nil
		}
		s, err := build(k, p, now)
		if err == nil {
			c.keep(key, s, now)
		}
		return s, err
	})
	return s.token, err
}

func (c *Cache) lookUp(key cacheKey, now time.Time) (signed, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.byKey[key]
	return s, ok && !now.Before(s.at) && now.Before(s.reuseUntil)
}

// keep stores s and, when there is no more room, lets go of what cannot serve.
func (c *Cache) keep(key cacheKey, s signed, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey == nil {
		c.byKey = make(map[cacheKey]signed)
	}
	if len(c.byKey) >= maxCached {
		maps.DeleteFunc(c.byKey, func(_ cacheKey, old signed) bool { return !now.Before(old.reuseUntil) })
	}
	if len(c.byKey) >= maxCached {
		clear(c.byKey)
	}
	c.byKey[key] = s
}

// Close refuses further work and waits for signatures under way.
func (c *Cache) Close(ctx context.Context) error { return c.flights.Close(ctx) }

// build signs a new assertion.
func build(k Key, p Profile, now time.Time) (signed, error) {
	alg, header, err := headerFor(k, p)
	if err != nil {
		return signed{}, err
	}
	payload, expires, err := claims(p, now)
	if err != nil {
		return signed{}, err
	}
	text, err := sign(payload, alg, opaque{k.Signer, k.KeyID}, k.Signer.Public(), header)
	if err != nil {
		return signed{}, &domain.ConfigError{Field: "Credential", Problem: "could not sign the client assertion", Err: err, Remedy: "check that the signer is reachable and supports the algorithm"}
	}
	reuse := expires.Sub(now) / 100 * 60 // in this order: a caller's exp may be centuries off
	return signed{domain.NewSecret(text), now, now.Add(reuse)}, nil
}

// headerFor chooses the algorithm and the headers that lead the server to the
// certificate: PS256 with x5t#S256 for Entra ID, RS256 with x5t for AD FS and dSTS,
// and for those who registered a certificate by its SHA-1 only (RFC 7515 §4.1).
func headerFor(k Key, p Profile) (jose.SignatureAlgorithm, map[jose.HeaderKey]any, error) {
	header := map[jose.HeaderKey]any{"typ": "JWT"}
	wanted, offered := k.Algorithm, p.Offered
	if !p.Kind.IsMicrosoft() {
		header["typ"] = "client-authentication+jwt"
		alg, err := choose(k.Signer.Public(), wanted, offered)
		return alg, header, err
	}
	legacy := p.Kind == domain.KindADFS || p.Kind == domain.KindDSTS || len(k.SHA256) == 0
	if legacy && len(k.SHA1) == 0 {
		return "", nil, &domain.ConfigError{
			Field: "Credential", Problem: fmt.Sprintf("has no certificate and no SHA-1 thumbprint, which %s needs", p.Kind),
			Remedy: "pass the certificate with the key, or its thumbprint",
		}
	}
	offered = []string{"PS256", "ES256", "ES384", "ES512", "EdDSA"}
	if legacy {
		offered = []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}
		header["x5t"] = base64.RawURLEncoding.EncodeToString(k.SHA1)
	} else {
		header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(k.SHA256)
	}
	if k.SendX5C {
		header["x5c"] = encodeChain(k.Chain)
	}
	alg, err := choose(k.Signer.Public(), wanted, offered)
	return alg, header, err
}

// encodeChain writes certificates in standard base64 without line breaks (RFC 7515 §4.1.6).
func encodeChain(chain []*x509.Certificate) []string {
	out := make([]string, len(chain))
	for i, c := range chain {
		out[i] = base64.StdEncoding.EncodeToString(c.Raw)
	}
	return out
}

// claims writes the payload (RFC 7523 §3). The caller's claims come last and may
// replace any other.
func claims(p Profile, now time.Time) (payload []byte, expires time.Time, err error) {
	c := map[string]any{
		"aud": p.Audience,
		"iss": p.ClientID,
		"sub": p.ClientID,
		"iat": now.Unix(),
		"nbf": now.Unix(),
		"exp": now.Add(lifetime).Unix(),
		"jti": telemetry.NewCorrelationID(),
	}
	maps.Copy(c, p.Overrides)
	if payload, err = json.Marshal(c); err != nil {
		return nil, time.Time{}, &domain.ConfigError{Field: "AssertionClaims", Problem: "cannot be written as JSON", Err: err}
	}
	var written struct {
		Exp *float64 `json:"exp"`
	}
	if err := json.Unmarshal(payload, &written); err != nil || written.Exp == nil {
		return nil, time.Time{}, badExp
	}
	return payload, time.Unix(int64(min(max(*written.Exp, 0), maxTime)), 0), nil
}

var badExp = &domain.ConfigError{Field: "AssertionClaims", Problem: "has an exp that is no number", Remedy: "pass seconds since 1970 (RFC 7519 §2)"}

// BySecret returns a client_secret_jwt assertion: HS256 under the client secret
// (OIDC Core §9).
func BySecret(secret domain.Secret, p Profile, now time.Time) (domain.Secret, error) {
	key := []byte(secret.Reveal())
	if len(key) < sha256.Size {
		return domain.Secret{}, &domain.ConfigError{
			Field: "Credential", Problem: "is a secret of less than 32 bytes, too short for HS256 (RFC 7518 §3.2)",
			Remedy: "use a longer secret, or another ClientAuthMethod",
		}
	}
	payload, _, err := claims(p, now)
	if err != nil {
		return domain.Secret{}, err
	}
	text, err := sign(payload, jose.HS256, key, key, map[jose.HeaderKey]any{"typ": "client-authentication+jwt"})
	if err != nil {
		return domain.Secret{}, errors.New("sign the client assertion with HS256")
	}
	return domain.NewSecret(text), nil
}

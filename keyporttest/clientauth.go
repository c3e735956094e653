package keyporttest

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 7515 §4.1.7: the name of a certificate, no proof
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

const (
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	clockSkew = 5 * time.Minute
)

func unique() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// authenticate finds out which client sends the request (RFC 6749 §2.3, RFC 7523).
func (a *Authority) authenticate(r *http.Request, p place, form url.Values) (App, *answer) {
	plain := p.authority.Kind() == domain.KindOIDC
	if user, password, ok := basic(r); ok {
		return a.bySecret(p, user, password, true)
	}
	if assertion := form.Get("client_assertion"); assertion != "" {
		if form.Get("client_assertion_type") != jwtBearer {
			return App{}, a.denied(p, 700025, "client_assertion_type is not that of a JWT")
		}
		return a.byAssertion(p, form.Get("client_id"), assertion)
	}
	if form.Has("client_secret") {
		return a.bySecret(p, form.Get("client_id"), form.Get("client_secret"), false)
	}
	if _, known := a.app(form.Get("client_id")); !known && !plain {
		return App{}, a.unknownClient(p)
	}
	return App{}, a.denied(p, 7000218, "the request holds neither client_assertion nor client_secret")
}

// basic reads the Authorization header. Both parts are form-encoded (RFC 6749 §2.3.1).
func basic(r *http.Request) (user, password string, ok bool) {
	user, password, ok = r.BasicAuth()
	if !ok {
		return "", "", false
	}
	user, err1 := url.QueryUnescape(user)
	password, err2 := url.QueryUnescape(password)
	return user, password, err1 == nil && err2 == nil
}

func (a *Authority) denied(p place, number int, why string) *answer {
	out := refuse(http.StatusUnauthorized, "invalid_client", a.number(p, number), why)
	return &out
}

func (a *Authority) unknownClient(p place) *answer {
	if p.authority.Kind() == domain.KindOIDC {
		return a.denied(p, 0, "the client is not known")
	}
	out := refuse(http.StatusBadRequest, "unauthorized_client", 700016, "the application was not found in the directory")
	return &out
}

func (a *Authority) bySecret(p place, clientID, secret string, inHeader bool) (App, *answer) {
	app, known := a.app(clientID)
	if !known {
		return App{}, a.unknownClient(p)
	}
	for _, s := range app.Secrets {
		if subtle.ConstantTimeCompare([]byte(s), []byte(secret)) == 1 {
			return app, nil
		}
	}
	number, why := 7000215, "the client secret is wrong"
	if slices.Contains(app.ExpiredSecrets, secret) {
		number, why = 7000222, "the client secret has expired"
	}
	out := a.denied(p, number, why)
	if inHeader { // RFC 6749 §5.2
		out.header.Set("WWW-Authenticate", `Basic realm="keyporttest"`)
	}
	return App{}, out
}

// byAssertion checks a signed JWT (RFC 7523 §3).
func (a *Authority) byAssertion(p place, clientID, assertion string) (App, *answer) {
	header, claims, ok := decodeJWT(assertion)
	if !ok {
		return App{}, a.denied(p, 50027, "the assertion is no JWT")
	}
	if clientID == "" {
		clientID, _ = claims["sub"].(string)
	}
	app, known := a.app(clientID)
	if !known {
		return App{}, a.unknownClient(p)
	}
	if why := a.signatureProblem(app, header, claims, assertion); why != "" {
		return App{}, a.denied(p, 700027, why)
	}
	if number, why := a.claimsProblem(p, app, claims); why != "" {
		return App{}, a.denied(p, number, why)
	}
	return app, nil
}

// signatureProblem finds the key that the header names and checks with it.
func (a *Authority) signatureProblem(app App, header, claims map[string]any, assertion string) string {
	algorithms := []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.HS256,
	}
	jws, err := jose.ParseSigned(assertion, algorithms)
	if err != nil {
		return "the assertion's algorithm is not allowed"
	}
	for _, key := range candidates(app, header, claims) {
		if _, err := jws.Verify(key); err == nil {
			return ""
		}
	}
	return "no registered key verifies the assertion; the certificate with this thumbprint is not known, or the chain that was sent does not begin with it"
}

// candidates are the registered keys that an assertion may be signed with.
func candidates(app App, header, claims map[string]any) []any {
	var keys []any
	if header["alg"] == string(jose.HS256) {
		for _, s := range app.Secrets {
			keys = append(keys, []byte(s))
		}
		return keys
	}
	for _, c := range app.Certificates {
		one, two := sha1.Sum(c.Raw), sha256.Sum256(c.Raw) //nolint:gosec // as above
		if sent, ok := header["x5c"].([]any); ok && (len(sent) == 0 || sent[0] != base64.StdEncoding.EncodeToString(c.Raw)) {
			continue // the chain must begin with the certificate that signs
		}
		if header["x5t"] == base64.RawURLEncoding.EncodeToString(one[:]) || header["x5t#S256"] == base64.RawURLEncoding.EncodeToString(two[:]) {
			keys = append(keys, c.PublicKey)
		}
	}
	kid, _ := header["kid"].(string)
	for id, key := range app.PublicKeys {
		if kid == "" || kid == id {
			keys = append(keys, key)
		}
	}
	issuer, _ := claims["iss"].(string)
	if key, ok := app.Issuers[issuer]; ok {
		keys = append(keys, key)
	}
	return keys
}

// claimsProblem checks audience, issuer, subject, life and replay.
func (a *Authority) claimsProblem(p place, app App, claims map[string]any) (int, string) {
	now := a.clock.Now()
	issuer, _ := claims["iss"].(string)
	_, federated := app.Issuers[issuer]
	switch {
	case !federated && (claims["iss"] != app.ClientID || claims["sub"] != app.ClientID):
		return 700021, "iss and sub of the assertion must be the client id"
	case !federated && !a.isAudience(p, claims["aud"]):
		return 700023, "the assertion is for another audience"
	case federated && claims["aud"] != "api://AzureADTokenExchange":
		return 700212, "the federated assertion is for another audience"
	case !now.Before(number(claims["exp"]).Add(clockSkew)), now.Before(number(claims["nbf"]).Add(-clockSkew)):
		return 700024, "the assertion is not within its valid time range"
	}
	if p.authority.Kind() == domain.KindOIDC && !a.firstUse(claims["jti"]) {
		return 0, "the assertion was used before"
	}
	return 0, ""
}

func (a *Authority) isAudience(p place, aud any) bool {
	base := p.authority.String()
	text, _ := aud.(string)
	if p.authority.Kind() == domain.KindOIDC {
		return text == base || text == base+"/token"
	}
	return strings.HasPrefix(text, base+"/oauth2/") && strings.HasSuffix(text, "/token")
}

func (a *Authority) firstUse(jti any) bool {
	id, ok := jti.(string)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !ok || id == "" || a.usedJTI[id] {
		return false
	}
	a.usedJTI[id] = true
	return true
}

// number reads a NumericDate (RFC 7519 §2); an absent one is the year 1970.
func number(v any) time.Time {
	f, _ := v.(float64)
	return time.Unix(int64(math.Min(f, 1<<40)), 0)
}

// decodeJWT reads the parts of a compact JWT without checking its signature.
func decodeJWT(token string) (header, claims map[string]any, ok bool) {
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil, nil, false
	}
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			return nil, nil, false
		}
	}
	return header, claims, true
}

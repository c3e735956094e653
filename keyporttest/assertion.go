package keyporttest

import (
	"crypto/sha1" //nolint:gosec // RFC 7515 §4.1.7: the name of a certificate, no proof
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

const (
	clockSkew   = 5 * time.Minute
	maxLifetime = time.Hour // of an assertion, at plain issuers
	minHMACKey  = 32        // bytes, RFC 7518 §3.2
)

// The algorithms of assertions that each kind of server takes.
var (
	entraAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}
	adfsAlgorithms  = []jose.SignatureAlgorithm{jose.RS256}
	plainAlgorithms = []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.HS256,
	}
)

func algorithmsOf(k domain.AuthorityKind) []jose.SignatureAlgorithm {
	switch k {
	case domain.KindOIDC:
		return plainAlgorithms
	case domain.KindADFS, domain.KindDSTS:
		return adfsAlgorithms
	}
	return entraAlgorithms
}

func names(algorithms []jose.SignatureAlgorithm) []string {
	out := make([]string, len(algorithms))
	for i, a := range algorithms {
		out[i] = string(a)
	}
	return out
}

// jwt is an assertion that was taken apart.
type jwt struct {
	header, claims map[string]any
	jws            *jose.JSONWebSignature
	times          map[string]time.Time // of exp, nbf, iat; those that are there
}

func (j jwt) text(claim string) string {
	s, _ := j.claims[claim].(string)
	return s
}

// byAssertion checks a signed JWT (RFC 7523 §3).
func (a *Authority) byAssertion(x *exchange, text string) *problem {
	j, problem := readJWT(text, algorithmsOf(x.authority.Kind()))
	switch {
	case problem != nil:
		return problem
	case x.authority.Kind() == domain.KindOIDC:
		return a.byPlainAssertion(x, j)
	case j.text("iss") != x.app.ClientID && strings.Contains(j.text("iss"), "://"):
		return a.byFederatedAssertion(x, j)
	}
	return a.byCertificate(x, j)
}

// readJWT takes an assertion apart and refuses what has not the form of one.
func readJWT(text string, algorithms []jose.SignatureAlgorithm) (jwt, *problem) {
	j := jwt{times: map[string]time.Time{}}
	var ok bool
	if j.header, j.claims, ok = decodeJWT(text); !ok {
		return j, notAJWT.because("the assertion is no JWT")
	}
	for _, name := range []string{"exp", "nbf", "iat"} {
		v, there := j.claims[name]
		seconds, isNumber := v.(float64)
		if there && !isNumber {
			return j, notAJWT.because("the claim " + name + " of the assertion is no number")
		}
		if there { // RFC 7519 §2: NumericDate
			j.times[name] = time.Unix(int64(max(-1<<40, math.Min(seconds, 1<<40))), 0)
		}
	}
	var err error
	if j.jws, err = jose.ParseSignedCompact(text, algorithms); err != nil {
		algorithm, _ := j.header["alg"].(string)
		return j, wrongAlgorithm.because("'" + algorithm + "' is not among the algorithms that are supported: " + strings.Join(names(algorithms), ", "))
	}
	return j, nil
}

// byCertificate checks what a client signed with a registered certificate, as
// Microsoft's servers do: the certificate by its thumbprint, the names, the
// audience, the time. One assertion may be used again and again until it ends.
func (a *Authority) byCertificate(x *exchange, j jwt) *problem {
	if j.header["x5t"] == nil && j.header["x5t#S256"] == nil && j.header["kid"] == nil {
		return &noThumbprint
	}
	i := slices.IndexFunc(x.app.Certificates, func(c *x509.Certificate) bool { return isNamed(c, j.header) })
	if i < 0 {
		return wrongSignature.because("no certificate with this thumbprint is registered")
	}
	certificate := x.app.Certificates[i]
	if chain, sent := j.header["x5c"]; sent && !beginsWith(chain, certificate) {
		return wrongSignature.because("the chain that was sent does not begin with the certificate that signs")
	}
	if _, err := j.jws.Verify(certificate.PublicKey); err != nil {
		return wrongSignature.because("the registered certificate does not verify the signature")
	}
	switch now := a.clock.Now(); {
	case now.After(certificate.NotAfter), now.Before(certificate.NotBefore):
		return wrongSignature.because("the certificate is not within its valid time range")
	case j.text("iss") != x.app.ClientID:
		return &wrongIssuer
	case j.text("sub") != x.app.ClientID:
		return &wrongSubject
	case !a.isMicrosoftAudience(x, j.claims["aud"]):
		return &wrongAudience
	case !j.isCurrent(now):
		return &wrongTime
	}
	return nil
}

// isNamed reports whether a JOSE header leads to a certificate.
func isNamed(c *x509.Certificate, header map[string]any) bool {
	one, two := sha1.Sum(c.Raw), sha256.Sum256(c.Raw) //nolint:gosec // as above
	is := func(name string, digest []byte) bool {
		text, _ := header[name].(string) // some write it with padding
		return strings.TrimRight(text, "=") == base64.RawURLEncoding.EncodeToString(digest)
	}
	kid, _ := header["kid"].(string)
	return is("x5t", one[:]) || is("x5t#S256", two[:]) || strings.EqualFold(kid, hex.EncodeToString(one[:]))
}

// beginsWith reports whether an x5c header begins with a certificate (RFC 7515 §4.1.6).
func beginsWith(x5c any, c *x509.Certificate) bool {
	chain, ok := x5c.([]any)
	return ok && len(chain) > 0 && chain[0] == base64.StdEncoding.EncodeToString(c.Raw)
}

// isMicrosoftAudience admits the token endpoints of the tenant and its issuer, by
// any name of the tenant and of the cloud.
func (a *Authority) isMicrosoftAudience(x *exchange, aud any) bool {
	text, ok := aud.(string)
	if !ok {
		return false
	}
	text = strings.TrimSuffix(text, "/")
	hosts := []string{x.authority.Host()}
	if cloud, known := domain.LookupCloud(x.cloud()); known {
		hosts = append(hosts, cloud.Aliases...)
	}
	for _, host := range hosts {
		for _, base := range x.namesAt(host) {
			if text == base+"/oauth2/v2.0/token" || text == base+"/oauth2/token" || text == base+"/v2.0" {
				return true
			}
		}
	}
	return false
}

// namesAt are the URLs of the authority on a host, under each name of its tenant.
func (x *exchange) namesAt(host string) []string {
	own := strings.TrimPrefix(x.authority.String(), "https://"+x.authority.Host())
	urls := []string{"https://" + host + own}
	for _, name := range append([]string{x.tenant.ID}, x.tenant.Domains...) {
		urls = append(urls, "https://"+host+strings.Replace(own, x.authority.Tenant(), name, 1))
	}
	return urls
}

// isCurrent reports whether now is between nbf and exp, which must be there.
func (j jwt) isCurrent(now time.Time) bool {
	return now.Before(j.times["exp"].Add(clockSkew)) && !now.Before(j.times["nbf"].Add(-clockSkew))
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

// audiences reads "aud": a string or a list of strings (RFC 7519 §4.1.3).
func audiences(aud any) []string {
	switch aud := aud.(type) {
	case string:
		return []string{aud}
	case []any:
		var out []string
		for _, v := range aud {
			s, _ := v.(string)
			out = append(out, s)
		}
		return out
	}
	return nil
}

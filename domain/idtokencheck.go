package domain

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"slices"
	"strings"
	"time"
)

// DefaultClockSkew is how far the clocks of client and server may be apart.
const DefaultClockSkew = 5 * time.Minute

// IDTokenExpectation is what an ID token must fit (OIDC Core §3.1.3.7). Zero fields
// expect nothing, but for Issuer and ClientID.
type IDTokenExpectation struct {
	Issuer      string // [IssuerTemplate] in it stands for the token's own tenant
	Tenant      string // GUID that the token's tenant must be; "" for any
	ClientID    string
	Nonce       string        // as it went over the wire
	MaxAge      time.Duration // as in the authorization request
	Subject     string        // of the ID token before, on a refresh (OIDC Core §12.2)
	Algorithm   string        // of the token's signature, for the hashes
	AccessToken Secret        // to compare at_hash with
	Code        Secret        // to compare c_hash with
	Skew        time.Duration // zero: [DefaultClockSkew]
}

// Check reports the first claim that does not fit, by its name and what is wrong;
// field is "" when all fit.
func (c IDTokenClaims) Check(e IDTokenExpectation, now time.Time) (field, problem string) {
	if e.Skew == 0 {
		e.Skew = DefaultClockSkew
	}
	for _, rule := range []func(IDTokenExpectation, time.Time) (string, string){
		c.checkIssuer, c.checkAudience, c.checkTimes, c.checkSignIn, c.checkHashes,
	} {
		if field, problem = rule(e, now); field != "" {
			return field, problem
		}
	}
	return "", ""
}

func (c IDTokenClaims) checkIssuer(e IDTokenExpectation, _ time.Time) (field, problem string) {
	expected := strings.ReplaceAll(e.Issuer, IssuerTemplate, c.TenantID)
	switch {
	case c.Issuer == "" || c.Issuer != expected: // nobody expected is nobody, too
		return "iss", "is not the authority's issuer"
	case strings.Contains(e.Issuer, IssuerTemplate) && !isGUID(c.TenantID):
		return "tid", "is not a tenant's GUID"
	case e.Tenant != "" && !strings.EqualFold(e.Tenant, c.TenantID):
		return "tid", "is another tenant than was asked for"
	case c.Subject == "":
		return "sub", "is missing"
	case e.Subject != "" && c.Subject != e.Subject:
		return "sub", "is another user than before"
	}
	return "", ""
}

func (c IDTokenClaims) checkAudience(e IDTokenExpectation, _ time.Time) (field, problem string) {
	switch {
	case !slices.Contains(c.Audience, e.ClientID):
		return "aud", "is not this client"
	case len(c.Audience) > 1 && c.AuthorizedParty == "":
		return "azp", "is missing beside several audiences"
	case c.AuthorizedParty != "" && c.AuthorizedParty != e.ClientID:
		return "azp", "is not this client"
	}
	return "", ""
}

func (c IDTokenClaims) checkTimes(e IDTokenExpectation, now time.Time) (field, problem string) {
	switch {
	case c.ExpiresAt.IsZero():
		return "exp", "is missing"
	case !now.Before(c.ExpiresAt.Add(e.Skew)):
		return "exp", "has passed; check this machine's clock"
	case c.IssuedAt.IsZero():
		return "iat", "is missing"
	case now.Add(e.Skew).Before(c.IssuedAt):
		return "iat", "is in the future; check this machine's clock"
	case now.Add(e.Skew).Before(c.NotBefore):
		return "nbf", "is in the future; check this machine's clock"
	}
	return "", ""
}

func (c IDTokenClaims) checkSignIn(e IDTokenExpectation, now time.Time) (field, problem string) {
	if e.Nonce != "" && subtle.ConstantTimeCompare([]byte(e.Nonce), []byte(c.Nonce)) != 1 {
		return "nonce", "is missing or another sign-in's"
	}
	if e.MaxAge == 0 {
		return "", ""
	}
	switch {
	case c.AuthTime.IsZero():
		return "auth_time", "is missing, although MaxAge asked for it"
	case now.After(c.AuthTime.Add(max(0, e.MaxAge) + e.Skew)):
		return "auth_time", "is longer ago than MaxAge"
	}
	return "", ""
}

// checkHashes compares at_hash and c_hash where the token has them (OIDC Core
// §3.1.3.8, §3.3.2.11): they tie it to the tokens it came with.
func (c IDTokenClaims) checkHashes(e IDTokenExpectation, _ time.Time) (field, problem string) {
	if e.Algorithm == "" { // the signature was not looked at, so nobody knows how to hash
		return "", ""
	}
	if c.AccessTokenHash != "" && !e.AccessToken.IsZero() && !halfHashMatches(e.Algorithm, e.AccessToken, c.AccessTokenHash) {
		return "at_hash", "is not that of the access token"
	}
	if c.CodeHash != "" && !e.Code.IsZero() && !halfHashMatches(e.Algorithm, e.Code, c.CodeHash) {
		return "c_hash", "is not that of the code"
	}
	return "", ""
}

// halfHashMatches hashes with what the signature's algorithm names; Ed25519 goes
// with SHA-512. The left half counts.
func halfHashMatches(algorithm string, of Secret, want string) bool {
	var h hash.Hash
	switch {
	case strings.HasSuffix(algorithm, "384"):
		h = sha512.New384()
	case strings.HasSuffix(algorithm, "512"), strings.HasPrefix(algorithm, "Ed"):
		h = sha512.New()
	default:
		h = sha256.New()
	}
	_, _ = h.Write([]byte(of.Reveal()))
	sum := h.Sum(nil)
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])), []byte(want)) == 1
}

// IDTokenIssuer returns the issuer that ID tokens of the authority name, and the
// GUID of the tenant they must be of, "" for any: where the issuer has a template,
// the authority may yet say more ("consumers" is one tenant).
func (a Authority) IDTokenIssuer(m ServerMetadata) (issuer, tenant string) {
	switch named := a.firstSegment(); {
	case !strings.Contains(m.Issuer, IssuerTemplate):
		return m.Issuer, ""
	case named == TenantConsumers:
		return m.Issuer, consumersTenantID
	case isGUID(named):
		return m.Issuer, named
	}
	return m.Issuer, ""
}

// consumersTenantID is the tenant of all personal accounts.
const consumersTenantID = "9188040d-6c67-4c5b-b112-36a304b66dad"

// issuerMatches compares an issuer with one that may have a template for tenant.
func issuerMatches(expected, got string) bool {
	head, tail, isTemplate := strings.Cut(expected, IssuerTemplate)
	if !isTemplate {
		return got == expected
	}
	middle, found := strings.CutPrefix(got, head)
	if !found {
		return false
	}
	middle, found = strings.CutSuffix(middle, tail)
	return found && isGUID(middle)
}

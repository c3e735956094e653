package keyporttest

import (
	"maps"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// byPlainAssertion checks private_key_jwt and client_secret_jwt as a plain OpenID
// Connect provider does (OIDC Core §9, RFC 7523 §3): in all that Microsoft's
// servers check, and that no assertion serves twice.
func (a *Authority) byPlainAssertion(x *exchange, j jwt) *problem {
	switch typ, _ := j.header["typ"].(string); typ {
	case "", typeJWT, "client-authentication+jwt":
	default:
		return notAJWT.because("a JWT of type '" + typ + "' is no client assertion")
	}
	if j.header["alg"] == string(jose.HS256) {
		x.method = secretJWT
	}
	if !slices.ContainsFunc(keysOf(x.app, j), func(key any) bool {
		_, err := j.jws.Verify(key)
		return err == nil
	}) {
		return wrongSignature.because("no registered key verifies the assertion")
	}
	if problem := j.checkClaims(x, a.clock.Now()); problem != nil {
		return problem
	}
	if !a.firstUse(x.app.ClientID+" "+j.text("jti"), j.times["exp"]) {
		return &replayed
	}
	return nil
}

// keysOf are the registered keys that the assertion may be signed with.
func keysOf(app App, j jwt) []any {
	var keys []any
	if j.header["alg"] == string(jose.HS256) {
		for _, s := range app.Secrets {
			if len(s) >= minHMACKey {
				keys = append(keys, []byte(s))
			}
		}
		return keys
	}
	for id, key := range app.PublicKeys {
		if kid := j.header["kid"]; kid == nil || kid == id {
			keys = append(keys, key)
		}
	}
	for _, c := range app.Certificates {
		if isNamed(c, j.header) {
			keys = append(keys, c.PublicKey)
		}
	}
	return keys
}

func (j jwt) checkClaims(x *exchange, now time.Time) *problem {
	_, hasNBF := j.times["nbf"]
	switch {
	case j.text("iss") != x.app.ClientID:
		return &wrongIssuer
	case j.text("sub") != x.app.ClientID:
		return &wrongSubject
	case !isPlainAudience(x, j.claims["aud"]):
		return &wrongAudience
	case !now.Before(j.times["exp"].Add(clockSkew)), hasNBF && now.Before(j.times["nbf"].Add(-clockSkew)), now.Before(j.times["iat"].Add(-clockSkew)):
		return &wrongTime
	// RFC 7523 §3: the server may reject an exp that is unreasonably far in the future.
	case j.times["exp"].After(now.Add(maxLifetime + clockSkew)):
		return &tooLong
	case j.text("jti") == "":
		return &noJTI
	}
	return nil
}

// isPlainAudience admits the issuer and its token endpoint. A list may hold nothing
// else: what is for somebody else too, somebody else could have sent on.
func isPlainAudience(x *exchange, aud any) bool {
	issuer := x.authority.String()
	list := audiences(aud)
	return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return s != issuer && s != issuer+"/token" })
}

// firstUse remembers an assertion until it ends, and reports whether it is new.
func (a *Authority) firstUse(id string, end time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, used := a.usedJTI[id]; used {
		return false
	}
	if n := len(a.usedJTI); n >= 1024 && n&(n-1) == 0 { // now and then, and seldom while they are many
		now := a.clock.Now()
		maps.DeleteFunc(a.usedJTI, func(_ string, end time.Time) bool { return now.After(end.Add(clockSkew)) })
	}
	a.usedJTI[id] = end
	return true
}

package keyporttest

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// codeLife is how long an authorization code may be redeemed.
//
// RFC 6749 §4.1.2: "A maximum authorization code lifetime of 10 minutes is
// RECOMMENDED."
const codeLife = 10 * time.Minute

// code is an authorization code and what it is bound to.
type code struct {
	delegation  *delegation
	redirectURI string // as it was sent; "" when it was left out
	challenge   string
	nonce       string
	resources   []string
	expires     time.Time
	spent       bool // guarded by the authority's mu
}

func (a *Authority) newCode(c code) string {
	now := a.clock.Now()
	c.expires = now.Add(codeLife)
	text := "1." + randomText()
	a.learn(kindCode, text)
	a.mu.Lock()
	defer a.mu.Unlock()
	prune(a.flows.codes, func(c *code) bool { return now.After(c.expires.Add(24 * time.Hour)) })
	a.flows.codes[text] = &c
	return text
}

// authorizationCode is the grant of RFC 6749 §4.1.3.
func (a *Authority) authorizationCode(x *exchange) (answer, *problem) {
	text := x.form.Get("code")
	if text == "" {
		return answer{}, missing.because("the body must contain the parameter 'code'")
	}
	a.mu.Lock()
	c, known := a.flows.codes[text]
	a.mu.Unlock()
	if !known || c.delegation.clientID != x.app.ClientID {
		return answer{}, badGrant.because("the authorization code is not one that was issued to the client")
	}
	if problem := a.spendCode(x, c); problem != nil {
		return answer{}, problem
	}
	scopes := strings.Fields(x.form.Get("scope"))
	if x.authority.Kind() == domain.KindOIDC {
		scopes = nil // RFC 6749 §4.1.3 has no such parameter
	}
	resources := x.form["resource"]
	if len(resources) == 0 {
		resources = c.resources
	}
	g, problem := a.grantUser(x, c.delegation, scopes, resources)
	if problem != nil {
		return answer{}, problem
	}
	g.user.code, g.user.nonce = text, c.nonce
	return a.issue(x, g), nil
}

// spendCode checks what the code is bound to, and that it is used once.
func (a *Authority) spendCode(x *exchange, c *code) *problem {
	if problem := c.check(x); problem != nil {
		return problem
	}
	a.mu.Lock()
	again := c.spent
	c.spent = true
	a.mu.Unlock()
	// RFC 6749 §4.1.2: "If an authorization code is used more than once, the
	// authorization server MUST deny the request and SHOULD revoke (when possible) all
	// tokens previously issued based on that authorization code."
	if again {
		a.end(c.delegation, &spentCode)
		return &spentCode
	}
	if !a.clock.Now().Before(c.expires) {
		return &lateCode
	}
	return a.endedBy(c.delegation)
}

func (c *code) check(x *exchange) *problem {
	verifier := x.form.Get("code_verifier")
	switch redirectURI := x.form.Get("redirect_uri"); {
	case c.redirectURI != redirectURI && (c.redirectURI != "" || redirectURI != ""):
		return &otherRedirect
	case c.challenge == "" && verifier == "":
	// RFC 9700 §4.8.2: a verifier without a challenge is a sign of a downgrade.
	case c.challenge == "", !isVerifierOf(c.challenge, verifier):
		return &wrongVerifier
	}
	return x.checkPlace(c.delegation)
}

func isVerifierOf(challenge, verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64url(sum[:])), []byte(challenge)) == 1
}

// checkPlace refuses what was granted by another server, or in another tenant than the
// one that is asked now.
func (x *exchange) checkPlace(d *delegation) *problem {
	if problem := x.checkServer(d); problem != nil {
		return problem
	}
	if x.tenant.ID != "" && !strings.EqualFold(x.tenant.ID, d.tenant.ID) {
		return &otherTenant
	}
	return nil
}

func (x *exchange) checkServer(d *delegation) *problem {
	isMicrosoft := x.authority.Kind().IsMicrosoft()
	if x.authority.Kind() != d.at.Kind() || x.authority.Policy() != d.at.Policy() || !isMicrosoft && x.authority != d.at {
		return badGrant.because("the grant was given by another authority")
	}
	return nil
}

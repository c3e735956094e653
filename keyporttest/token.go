package keyporttest

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// grants are the grant types that the token endpoint serves. Each has a file.
var grants = map[string]func(*Authority, *exchange) (answer, *problem){
	"client_credentials": (*Authority).clientCredentials,
	"authorization_code": (*Authority).authorizationCode,
	"refresh_token":      (*Authority).refreshed,
	onBehalfOfGrant:      (*Authority).onBehalfOf,
	deviceGrant:          (*Authority).deviceCode,
}

// token is the token endpoint (RFC 6749 §3.2).
func (a *Authority) token(x *exchange) answer {
	out, problem := a.redeem(x)
	if problem != nil {
		return a.refuse(x, problem)
	}
	return out
}

// redeem is the way of every grant: the form, the tenant, the client, the grant.
func (a *Authority) redeem(x *exchange) (answer, *problem) {
	if problem := x.checkForm(); problem != nil {
		return answer{}, problem
	}
	name := x.form.Get("grant_type")
	grant, served := grants[name]
	switch {
	case name == "":
		return answer{}, missing.because("the body must contain the parameter 'grant_type'")
	case !served:
		return answer{}, wrongGrant.because("the grant type '" + name + "' is not served")
	}
	var problem *problem
	if x.tenant, problem = a.tenantOf(x.authority); problem != nil {
		return answer{}, problem
	}
	if x.authority.Kind() == domain.KindEntra && x.tenant.ID == "" && name == "client_credentials" {
		return answer{}, &tooManyTenants
	}
	if problem := a.authenticate(x); problem != nil {
		return answer{}, problem
	}
	if allowed := x.app.GrantTypes; len(allowed) > 0 && !x.isEntra() && !slices.Contains(allowed, name) {
		return answer{}, &noGrant
	}
	return grant(a, x)
}

// isEntra reports whether the server is one of those that have tenants, scopes of
// resources and the numbers of Entra ID.
func (x *exchange) isEntra() bool {
	switch x.authority.Kind() {
	case domain.KindADFS, domain.KindOIDC:
		return false
	}
	return true
}

// checkForm refuses what is no request of a client in form.
func (x *exchange) checkForm() *problem {
	if x.request.Method != http.MethodPost {
		return notPOST.because("the endpoint takes POST only, and got " + x.request.Method)
	}
	media, _, err := mime.ParseMediaType(x.request.Header.Get("Content-Type"))
	switch {
	case err != nil || media != "application/x-www-form-urlencoded":
		return missing.because("the body must contain the parameters, and is no form")
	case x.badForm != nil:
		return malformed.because("the form cannot be read")
	}
	// RFC 6749 §3.2: "Request and response parameters MUST NOT be included more than once."
	for name, values := range x.form {
		if len(values) > 1 && !x.mayRepeat(name) {
			return duplicate.because("the parameter '" + name + "' is there more than once")
		}
	}
	if claims := x.form.Get("claims"); claims != "" && json.Unmarshal([]byte(claims), new(map[string]any)) != nil {
		return &badClaims
	}
	return nil
}

// mayRepeat admits several resources where the server knows RFC 8707 §2.
func (x *exchange) mayRepeat(name string) bool {
	return name == "resource" && x.authority.Kind() == domain.KindOIDC
}

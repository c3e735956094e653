package keyporttest

import (
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// clientCredentials is the grant of RFC 6749 §4.4.
func (a *Authority) clientCredentials(x *exchange) (answer, *problem) {
	scopes := strings.Fields(x.form.Get("scope"))
	var g granted
	var problem *problem
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC:
		g, problem = plainGrant(x, scopes)
	case kind == domain.KindADFS || kind == domain.KindDSTS:
		g, problem = anyResource(x, scopes)
	case x.v1:
		g, problem = a.grantV1(x.form.Get("resource"))
	default:
		g, problem = a.grantDefault(scopes)
	}
	if problem != nil {
		return answer{}, problem
	}
	return a.issue(x, g), nil
}

// plainGrant grants what the client may ask for; all of it when it does not say.
// Scopes are compared with their letter case (RFC 6749 §3.3).
func plainGrant(x *exchange, scopes []string) (granted, *problem) {
	if len(scopes) == 0 {
		scopes = x.app.Scopes
	}
	for _, s := range scopes {
		if len(x.app.Scopes) > 0 && !slices.Contains(x.app.Scopes, s) {
			return granted{}, notAllowed.because("the client may not ask for " + s)
		}
	}
	audience := x.form["resource"] // RFC 8707 §2
	if len(audience) == 0 {
		audience = []string{x.app.ClientID}
	}
	return granted{audience: audience, scope: strings.Join(scopes, " ")}, nil
}

// anyResource takes the resource's name for granted, as it is told: in a parameter
// of its own or in front of a scope.
func anyResource(x *exchange, scopes []string) (granted, *problem) {
	resource := x.form.Get("resource")
	for _, s := range scopes {
		if cut := strings.LastIndexByte(s, '/'); cut > 0 && resource == "" {
			resource = s[:cut]
		}
	}
	switch {
	case resource != "":
	case len(scopes) > 0:
		resource = scopes[0]
	default:
		return granted{}, missing.because("the body must contain the parameter 'scope'")
	}
	return granted{audience: []string{resource}}, nil
}

// grantDefault finds the one resource whose permissions an application has. The
// scopes of a sign-in are put up with beside it, because some libraries send them
// with every grant.
func (a *Authority) grantDefault(scopes []string) (granted, *problem) {
	if len(scopes) == 0 {
		return granted{}, missing.because("the body must contain the parameter 'scope'")
	}
	signIn := []string{domain.ScopeOpenID, domain.ScopeProfile, domain.ScopeOfflineAccess}
	var resource string
	for _, s := range scopes {
		id, isDefault := strings.CutSuffix(s, "/.default")
		switch {
		case slices.Contains(signIn, s):
			continue
		case !isDefault || id == "":
			return granted{}, notDefault.because("the scope " + s + " does not end in /.default, as those of an application do")
		case resource != "" && resourceKey(id) != resourceKey(resource):
			return granted{}, &manyResources
		}
		resource = id
	}
	if resource == "" {
		return granted{}, notDefault.because("an application cannot ask for the scopes of a sign-in alone")
	}
	return a.grantResource(resource)
}

// grantV1 is the same at the endpoint from before "v2.0", which is told the resource.
func (a *Authority) grantV1(resource string) (granted, *problem) {
	if resource == "" {
		return granted{}, missing.because("the body must contain the parameter 'resource'")
	}
	return a.grantResource(resource)
}

func (a *Authority) grantResource(resource string) (granted, *problem) {
	a.mu.Lock()
	known := a.resources[resourceKey(resource)]
	a.mu.Unlock()
	if !known {
		return granted{}, noResource.because("the resource '" + resource + "' was not found in the directory")
	}
	return granted{audience: []string{resource}}, nil
}

// resourceKey is a resource's identifier as it is compared.
func resourceKey(id string) string { return strings.ToLower(strings.TrimSuffix(id, "/")) }

package keyporttest

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// authorization is an authorization request (RFC 6749 §4.1.1, OIDC Core §3.1.2.1).
type authorization struct {
	params      url.Values
	redirectURI string // where the answer goes
	scopes      []string
	prompts     []string
	claims      map[string]any
	maxAge      time.Duration // when hasMaxAge
	hasMaxAge   bool

	device    *device // that the user signs in for; nil for a browser's own sign-in
	confirmed bool    // the user has it at hand
}

func (r authorization) get(name string) string { return r.params.Get(name) }

func (r authorization) has(p domain.Prompt) bool { return slices.Contains(r.prompts, string(p)) }

// readAuthorization finds the tenant, the client and the redirect URI. Until these
// are known to be good, a problem is for a page.
//
// RFC 6749 §4.1.2.1: "the authorization server SHOULD inform the resource owner of the
// error and MUST NOT automatically redirect the user-agent to the invalid redirection
// URI."
func (a *Authority) readAuthorization(x *exchange, params url.Values) (authorization, *problem) {
	r := authorization{params: params}
	var problem *problem
	if x.tenant, problem = a.tenantOf(x.authority); problem != nil {
		return r, problem
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(params[name]) > 1 {
			return r, duplicate.because("the parameter '" + name + "' is there more than once")
		}
	}
	if x.app, problem = a.appOf(x, r.get("client_id")); problem != nil {
		return r, problem
	}
	r.redirectURI, problem = x.app.redirectURI(r.get("redirect_uri"))
	return r, problem
}

// check reads the rest. What is wrong here, the client is told.
func (a *Authority) check(x *exchange, r *authorization) *problem {
	for name, values := range r.params {
		if len(values) > 1 && !x.mayRepeat(name) {
			return duplicate.because("the parameter '" + name + "' is there more than once")
		}
	}
	for _, rule := range []func(*exchange, *authorization) *problem{checkType, checkChallenge, checkPrompt, checkMaxAge, checkClaims, a.checkScopes} {
		if problem := rule(x, r); problem != nil {
			return problem
		}
	}
	return nil
}

func checkType(x *exchange, r *authorization) *problem {
	allowed := x.app.GrantTypes
	switch {
	case len(allowed) > 0 && !x.isEntra() && !slices.Contains(allowed, "authorization_code"):
		return &noGrant
	case r.get("request") != "":
		return &noRequestObject
	case r.get("request_uri") != "":
		p := noRequestObject
		p.code = "request_uri_not_supported"
		return &p
	case r.get("response_type") == "":
		return missing.because("the request must contain the parameter 'response_type'")
	case r.get("response_type") != "code":
		return &wrongResponseType
	}
	switch domain.ResponseMode(r.get("response_mode")) {
	case "", domain.ResponseModeQuery, domain.ResponseModeFormPost:
		return nil
	}
	return &wrongResponseMode
}

// checkChallenge is RFC 7636 §4.4.1, without the method "plain" and not to be left out
// by clients that have nothing else to prove themselves with (RFC 9700 §2.1.1).
func checkChallenge(x *exchange, r *authorization) *problem {
	challenge := r.get("code_challenge")
	digest, err := base64.RawURLEncoding.DecodeString(challenge)
	switch {
	case challenge == "" && r.get("code_challenge_method") != "":
		return missing.because("the request must contain the parameter 'code_challenge'")
	case challenge == "" && x.app.Public:
		return &noChallenge
	case challenge == "":
		return nil
	case r.get("code_challenge_method") != "S256":
		return &plainChallenge
	case err != nil || len(digest) != 32:
		return &badChallenge
	}
	return nil
}

var knownPrompts = []string{
	string(domain.PromptNone), string(domain.PromptLogin), string(domain.PromptConsent),
	string(domain.PromptSelectAccount), string(domain.PromptCreate),
}

func checkPrompt(_ *exchange, r *authorization) *problem {
	r.prompts = strings.Fields(r.get("prompt"))
	for _, p := range r.prompts {
		if !slices.Contains(knownPrompts, p) {
			return &badPrompt
		}
	}
	// OIDC Core §3.1.2.1: "If this parameter contains none with any other value, an error
	// is returned."
	if r.has(domain.PromptNone) && len(r.prompts) > 1 {
		return &badPrompt
	}
	return nil
}

func checkMaxAge(_ *exchange, r *authorization) *problem {
	text := r.get("max_age")
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return &badMaxAge
	}
	r.maxAge, r.hasMaxAge = time.Duration(n)*time.Second, true
	return nil
}

func checkClaims(_ *exchange, r *authorization) *problem {
	if text := r.get("claims"); text != "" && (json.Unmarshal([]byte(text), &r.claims) != nil || r.claims == nil) {
		return &badClaims
	}
	return nil
}

// checkScopes refuses what the client may not ask for.
func (a *Authority) checkScopes(x *exchange, r *authorization) *problem {
	r.scopes = strings.Fields(r.get("scope"))
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC && len(r.scopes) == 0:
		r.scopes = x.app.Scopes // RFC 6749 §3.3: a default, or a refusal
	case len(r.scopes) == 0 && (r.get("resource") == "" || !x.v1 && kind != domain.KindADFS):
		return &noScope
	}
	_, problem := a.askedOf(x, r.scopes, r.params["resource"], true)
	return problem
}

// asks reports whether the claims parameter asks for a claim of the ID token.
func asks(claims map[string]any, name string) bool {
	wanted, _ := claims["id_token"].(map[string]any)
	_, asked := wanted[name]
	return asked
}

package keyporttest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// Resource is an API that takes the authority's access tokens. It answers GET and any
// other method with who calls; serve it with httptest, or call it as a handler.
type Resource struct {
	authority *Authority
	id        string

	mu     sync.Mutex     // guards wanted
	wanted map[string]any // claims that tokens must have been asked for with
}

// Caller is what a [Resource] answers, in JSON: who the token says is calling.
type Caller struct {
	ClientID string   `json:"client_id"`
	UserID   string   `json:"user_id,omitempty"` // the object id; "" for an application's own token
	Tenant   string   `json:"tenant,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	Roles    []string `json:"roles,omitempty"`
}

var _ http.Handler = (*Resource)(nil)

// Resource returns the API of an identifier, such as "api://reports", and registers it
// as [Authority.AddResource] does. A token serves when the authority has signed it for
// this API and it has neither expired nor been revoked. Others are answered with 401
// and a challenge (RFC 6750 §3). When the user's sessions were revoked and the client
// had declared that it understands claims challenges (the capability "cp1"), the
// challenge is one.
func (a *Authority) Resource(id string) *Resource {
	a.AddResource(id)
	return &Resource{authority: a, id: id}
}

// Challenge makes the API refuse tokens that were not asked for with these claims, by
// a claims challenge as continuous access evaluation has it: 401, insufficient_claims,
// and the claims in base64. claims is a JSON object; when empty, there is no challenge
// any more. It panics when claims is something else.
func (r *Resource) Challenge(claims string) {
	wanted := parseClaims("Challenge", claims)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted = wanted
}

// ServeHTTP implements [http.Handler].
func (r *Resource) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	text := bearer(q, "")
	if text == "" {
		r.refuse(w, "")
		return
	}
	claims, t, ok := r.authority.current(text)
	switch {
	case !ok:
		r.refuse(w, r.whyNot(t))
		return
	case !r.isAudience(claims["aud"]):
		r.refuse(w, `error="invalid_token", error_description="the access token is for another audience"`)
		return
	}
	r.mu.Lock()
	wanted := r.wanted
	r.mu.Unlock()
	if t != nil && !containsClaims(t.claims, wanted) {
		r.refuse(w, claimsChallenge(wanted))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(callerOf(claims, t)) // the caller may have gone
}

func (r *Resource) refuse(w http.ResponseWriter, challenge string) {
	for name, values := range unauthorizedBy(challenge).header {
		w.Header()[name] = values
	}
	w.WriteHeader(http.StatusUnauthorized)
}

// whyNot is the challenge for a token that does not serve any more.
func (r *Resource) whyNot(t *issuedToken) string {
	if t != nil && r.authority.clock.Now().Before(t.expires) && slices.Contains(valuesOf(t.claims, "access_token", "xms_cc"), "cp1") {
		now := strconv.FormatInt(r.authority.clock.Now().Unix(), 10)
		return claimsChallenge(map[string]any{"access_token": map[string]any{"nbf": map[string]any{"essential": true, "value": now}}})
	}
	return `error="invalid_token", error_description="the access token has expired, was revoked, or is not one of the authority's"`
}

func claimsChallenge(wanted map[string]any) string {
	text := base64.StdEncoding.EncodeToString(asJSON(wanted))
	return `error="insufficient_claims", error_description="the access token lacks claims", claims="` + text + `"`
}

// isAudience reports whether a token is for this API, under any of its names.
func (r *Resource) isAudience(aud any) bool {
	id, isApp := r.authority.apiOf(r.id)
	return slices.ContainsFunc(audiences(aud), func(s string) bool {
		return resourceKey(s) == resourceKey(r.id) || isApp && s == id || isGUID(s) && "api://"+s == r.id
	})
}

func callerOf(claims map[string]any, t *issuedToken) Caller {
	var c Caller
	for _, name := range []string{"azp", "appid", "client_id"} {
		if id, ok := claims[name].(string); ok {
			c.ClientID = id
		}
	}
	c.Tenant, _ = claims["tid"].(string)
	c.Roles = audiences(claims["roles"])
	if t != nil {
		c.UserID, c.Scopes = t.delegation.userID, t.asked.scp
		if oid, ok := claims["oid"].(string); ok {
			c.UserID = oid
		}
	}
	return c
}

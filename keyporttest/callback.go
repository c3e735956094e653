package keyporttest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// sendCode answers with an authorization code (RFC 6749 §4.1.2).
func (a *Authority) sendCode(x *exchange, r authorization, p person, t Tenant, s signedIn) answer {
	d := &delegation{
		clientID: x.app.ClientID, familyID: x.app.FamilyID, userID: p.ID, tenant: t, at: x.authority, scopes: r.scopes,
		began: a.clock.Now(), authTime: s.at, sid: s.sid, claims: r.claims,
		tellsAuthTime: r.hasMaxAge || asks(r.claims, "auth_time"),
	}
	if r.device != nil {
		return a.grantDevice(x, r, d)
	}
	text := a.newCode(code{
		delegation: d, redirectURI: r.get("redirect_uri"), challenge: r.get("code_challenge"), nonce: r.get("nonce"),
		resources: r.params["resource"],
	})
	values := url.Values{"code": {text}}
	if x.authority.Kind().IsMicrosoft() {
		values.Set("session_state", s.sid)
	}
	if r.get("client_info") == "1" && hasClientInfo(x.authority.Kind()) {
		values.Set("client_info", x.clientInfo(p))
	}
	return a.goBack(x, r, values)
}

// sendBack answers with a refusal (RFC 6749 §4.1.2.1), in the words of the kind.
func (a *Authority) sendBack(x *exchange, r authorization, p *problem) answer {
	if r.device != nil {
		return a.declineDevice(x, r.device)
	}
	values := url.Values{"error": {p.standard()}, "error_description": {a.explain(x, p)}}
	if x.isEntra() && x.authority.Kind() != domain.KindB2C {
		values.Set("error", p.code)
		values.Set("error_uri", fmt.Sprintf("https://%s/error?code=%d", x.cloud(), p.aadsts))
		if p == &userCancelled {
			values.Set("error_subcode", "cancel")
		}
	}
	return a.goBack(x, r, values)
}

// explain words a problem for people.
func (a *Authority) explain(x *exchange, p *problem) string {
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC, kind == domain.KindADFS && p.msis == 0:
		return p.why
	case kind == domain.KindADFS:
		return fmt.Sprintf("MSIS%d: %s.", p.msis, p.why)
	case kind == domain.KindB2C && p.b2c != 0:
		return fmt.Sprintf("AADB2C%d: %s.\r\nCorrelation ID: %s\r\nTimestamp: %s\r\n", p.b2c, p.why, x.correlation(), a.timestamp())
	}
	return fmt.Sprintf("AADSTS%d: %s. Trace ID: %s Correlation ID: %s Timestamp: %s", p.aadsts, p.why, newUUID(), x.correlation(), a.timestamp())
}

// goBack sends the browser to the redirect URI.
func (a *Authority) goBack(x *exchange, r authorization, values url.Values) answer {
	if state, sent := r.params["state"]; sent {
		values["state"] = state[:1]
	}
	if x.authority.Kind() == domain.KindOIDC {
		values.Set("iss", x.authority.String()) // RFC 9207 §2
	}
	if domain.ResponseMode(r.get("response_mode")) == domain.ResponseModeFormPost {
		return formPost(r.redirectURI, values)
	}
	separator := "?"
	if strings.Contains(r.redirectURI, "?") { // RFC 6749 §3.1.2: the query of the URI must be retained
		separator = "&"
	}
	return redirect(x, r.redirectURI+separator+values.Encode())
}

// redirect sends the browser elsewhere. After a form it is told to use GET, so that a
// password goes nowhere else (RFC 9700 §4.12).
func redirect(x *exchange, to string) answer {
	out := empty(http.StatusFound)
	if x.request.Method == http.MethodPost {
		out.status = http.StatusSeeOther
	}
	out.header.Set("Location", to)
	out.header.Set("Cache-Control", "no-store")
	out.header.Set("Referrer-Policy", "no-referrer")
	return out
}

// hasClientInfo reports whether a kind of server says who the user is at home.
func hasClientInfo(k domain.AuthorityKind) bool { return k.IsMicrosoft() && k != domain.KindADFS }

// clientInfo is that: JSON in base64url. B2C adds the user flow to the id.
func (x *exchange) clientInfo(p person) string {
	id := p.ID
	if x.authority.Kind() == domain.KindB2C {
		id += "-" + x.authority.Policy()
	}
	home := p.home
	if x.authority.Kind() == domain.KindDSTS {
		home = x.tenant.ID
	}
	return base64url(asJSON(map[string]string{"uid": id, "utid": home}))
}

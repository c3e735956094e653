package keyporttest

import (
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/seed57855a68/keyport/domain"
)

// refuse words a problem as the kind of server does that was asked.
func (a *Authority) refuse(x *exchange, p *problem) answer {
	var out answer
	code := p.standard()
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC:
		out = object(p.status(code), map[string]any{"error": code, "error_description": p.why})
	case kind == domain.KindADFS:
		out = p.adfs()
	case kind == domain.KindB2C && p.b2c != 0:
		out = a.b2cRefusal(x, p)
	default:
		code, out = p.code, a.entraRefusal(x, p)
	}
	if out.status == http.StatusMethodNotAllowed {
		out.header.Set("Allow", "POST, OPTIONS")
	}
	// RFC 6749 §5.2: a client that used the Authorization header gets 401 and the
	// scheme that it used.
	if code == invalidClient && x.request.Header.Get("Authorization") != "" {
		out.status = http.StatusUnauthorized
		out.header.Set("WWW-Authenticate", `Basic realm="keyporttest"`)
	}
	return out
}

// standard is the error code of a server that keeps to the letter of RFC 6749 §5.2.
func (p *problem) standard() string {
	if p.plain != "" {
		return p.plain
	}
	return p.code
}

// adfs words a problem as AD FS does: the status is 400 for a wrong client too.
func (p *problem) adfs() answer {
	code, description := p.standard(), p.why
	status := p.status(code)
	if status == http.StatusUnauthorized {
		status = http.StatusBadRequest
	}
	if p.msis != 0 {
		description = fmt.Sprintf("MSIS%d: %s.", p.msis, p.why)
	}
	return object(status, map[string]any{"error": code, "error_description": description})
}

// b2cRefusal words a problem as the user flows of B2C do.
func (a *Authority) b2cRefusal(x *exchange, p *problem) answer {
	return object(http.StatusBadRequest, map[string]any{
		"error": p.standard(),
		"error_description": fmt.Sprintf("AADB2C%d: %s.\r\nCorrelation ID: %s\r\nTimestamp: %s\r\n",
			p.b2c, p.why, x.correlation(), a.timestamp()),
	})
}

// entraRefusal words a problem as Entra ID does: the numbers and ids are in the
// description and once more beside it.
func (a *Authority) entraRefusal(x *exchange, p *problem) answer {
	trace, correlation, now := newUUID(), x.correlation(), a.timestamp()
	members := map[string]any{
		"error": p.code,
		"error_description": fmt.Sprintf("AADSTS%d: %s.\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
			p.aadsts, p.why, trace, correlation, now),
		"error_codes": []int{p.aadsts}, "timestamp": now, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://%s/error?code=%d", x.cloud(), p.aadsts),
	}
	setText(members, "suberror", p.suberror)
	setText(members, "claims", p.claims)
	out := object(p.status(p.code), members)
	out.header.Set("x-ms-request-id", trace)
	return out
}

// timestamp is the server's time as it writes it into refusals.
func (a *Authority) timestamp() string { return a.clock.Now().UTC().Format("2006-01-02 15:04:05Z") }

// correlation is the id that the client sent, or a new one.
func (x *exchange) correlation() string {
	if id := x.request.Header.Get("client-request-id"); isGUID(id) {
		return id
	}
	return newUUID()
}

// newUUID returns a random UUID (RFC 9562 §5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return formatUUID(b)
}

func formatUUID(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

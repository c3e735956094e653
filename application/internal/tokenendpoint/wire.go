package tokenendpoint

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
)

const (
	maxLifetime    = 365 * 24 * time.Hour // what a server may claim; more is cut to it
	maxTokenLength = 512 << 10
)

// parser reads one answer. It holds what errors need to say.
type parser struct {
	host        string
	correlation string
	trace       string
	status      int
	retryAfter  time.Duration
	now         time.Time
	signIn      bool
}

func (p parser) parse(a exchange.Answer) (Response, error) {
	object, err := p.object(a)
	if err != nil {
		return Response{}, err
	}
	return p.success(object)
}

// object reads the answer as far as it is the same for all: a good one, or an error.
func (p *parser) object(a exchange.Answer) (strictjson.Object, error) {
	p.status, p.retryAfter = a.Status, throttle.RetryAfter(a.Header, p.now)
	p.trace = domain.PrintableText(a.Header.Get("x-ms-request-id"))
	if a.Status >= 300 && a.Status < 400 {
		return nil, p.bad("", "is a redirect", domain.ErrRedirectRefused)
	}
	object, err := strictjson.Parse(a.Body)
	if err != nil {
		return nil, p.bad("", "", err)
	}
	if code, refused := object["error"]; refused && string(code) != "null" {
		return nil, p.refusal(object)
	}
	if a.Status < 200 || a.Status > 299 {
		return nil, p.bad("", "has neither a token nor an error code", nil)
	}
	return object, nil
}

// bad is an answer that cannot be used.
func (p parser) bad(field, problem string, err error) error {
	return &domain.ResponseError{
		Operation: operation, Host: p.host, Status: p.status, Field: field, Problem: problem, Err: err,
		CorrelationID: p.correlation, TraceID: p.trace, RetryAfter: p.retryAfter, Remedy: p.remedy(err),
	}
}

// remedy says what the usual reason is when something else than a token server answered.
func (p parser) remedy(err error) string {
	switch {
	case errors.Is(err, strictjson.ErrNotObject), errors.Is(err, strictjson.ErrNotUTF8):
		return "check that the authority is a token server and that no proxy or sign-in page answers in its place"
	case errors.Is(err, domain.ErrRedirectRefused):
		return "check the authority; a token server does not redirect, and what the request holds was not sent on"
	}
	return ""
}

// known are the members that Response has fields for.
var known = map[string]bool{
	"access_token": true, "refresh_token": true, "id_token": true, "token_type": true, "scope": true,
	"client_info": true, "foci": true, "expires_in": true, "expires_on": true, "ext_expires_in": true, "refresh_in": true,
}

func (p parser) success(o strictjson.Object) (Response, error) {
	r := Response{TraceID: p.trace}
	for _, t := range []struct {
		name string
		into *domain.Secret
	}{{"access_token", &r.AccessToken}, {"refresh_token", &r.RefreshToken}, {"id_token", &r.IDToken}} {
		text, err := o.String(t.name)
		if err != nil {
			return Response{}, p.bad(t.name, "is not a string", nil)
		}
		if len(text) > maxTokenLength || !isVisible(text) {
			return Response{}, p.bad(t.name, "is too long or has characters that a token cannot have", nil)
		}
		*t.into = domain.NewSecret(text)
	}
	if r.AccessToken.IsZero() && (!p.signIn || r.IDToken.IsZero()) {
		return Response{}, p.bad("access_token", "is missing", nil)
	}
	if err := p.texts(o, &r); err != nil {
		return Response{}, err
	}
	if err := p.times(o, &r); err != nil {
		return Response{}, err
	}
	for name, raw := range o {
		if !known[name] {
			if r.Extra == nil {
				r.Extra = map[string][]byte{}
			}
			r.Extra[name] = raw
		}
	}
	return r, nil
}

func (p parser) texts(o strictjson.Object, r *Response) error {
	var scope string
	for _, t := range []struct {
		name string
		into *string
	}{{"token_type", &r.TokenType}, {"scope", &scope}, {"client_info", &r.ClientInfo}, {"foci", &r.FamilyID}} {
		text, err := o.String(t.name)
		if err != nil {
			return p.bad(t.name, "is not a string", nil)
		}
		*t.into = text
	}
	if r.TokenType == "" {
		r.TokenType = domain.TokenTypeBearer
	}
	r.Scopes = domain.ScopesFromResponse(scope)
	return nil
}

func (p parser) times(o strictjson.Object, r *Response) error {
	for _, t := range []struct {
		name   string
		into   *time.Duration
		strict bool // a value that makes no sense spoils the answer; otherwise it is ignored
	}{{"expires_in", &r.ExpiresIn, true}, {"ext_expires_in", &r.ExtExpiresIn, false}, {"refresh_in", &r.RefreshIn, false}} {
		d, present, ok := seconds(o[t.name])
		if !ok && t.strict {
			return p.bad(t.name, "is not a number of seconds", nil)
		}
		if ok && present {
			*t.into = d
		}
		if t.name == "expires_in" {
			r.HasExpiry = present
		}
	}
	if on, present, ok := seconds(o["expires_on"]); !r.HasExpiry && present && ok { // AD FS and older servers: a point in time
		r.ExpiresIn, r.HasExpiry = max(0, on-time.Duration(p.now.Unix())*time.Second), true
	}
	r.ExpiresIn, r.ExtExpiresIn = min(r.ExpiresIn, maxLifetime), min(r.ExtExpiresIn, maxLifetime)
	if r.RefreshIn >= r.ExpiresIn {
		r.RefreshIn = 0
	}
	if r.ExtExpiresIn < r.ExpiresIn {
		r.ExtExpiresIn = 0
	}
	return nil
}

// seconds reads a number of seconds, which servers write as 3600, "3600", 3600.0
// or 3600e0.
func seconds(raw json.RawMessage) (d time.Duration, present, ok bool) {
	text := string(raw)
	if text == "" || text == "null" {
		return 0, false, true
	}
	if text[0] == '"' {
		if json.Unmarshal(raw, &text) != nil {
			return 0, true, false
		}
	}
	if text == "" || strings.Trim(text, "0123456789.eE+") != "" { // no sign, no space, no NaN, no object
		return 0, true, false
	}
	f, err := strconv.ParseFloat(text, 64) // fails for what is larger than any number
	if err != nil {
		return 0, true, false
	}
	const limit = float64(math.MaxInt64 / int64(time.Second))
	return time.Duration(min(math.Floor(f), limit)) * time.Second, true, true
}

// refusal reads an error response (RFC 6749 §5.2). A wrong type in what only
// explains the error is no reason to lose the error.
func (p parser) refusal(o strictjson.Object) error {
	text := func(name string) string {
		s, _ := o.String(name)
		return s
	}
	code := text("error")
	if !domain.ValidErrorCode(code) {
		return p.bad("error", "is no error code", nil)
	}
	e := &domain.OAuthError{
		Code: code, Description: domain.NewSecret(text("error_description")), URI: text("error_uri"), SubError: domain.PrintableText(text("suberror")),
		Claims: text("claims"), CorrelationID: p.correlation, TraceID: cmp.Or(domain.PrintableText(text("trace_id")), p.trace),
		Timestamp: domain.PrintableText(text("timestamp")), StatusCode: p.status, RetryAfter: p.retryAfter,
	}
	if json.Unmarshal(o["error_codes"], &e.ErrorCodes) != nil || len(e.ErrorCodes) > 16 {
		e.ErrorCodes = nil
	}
	return e
}

// isVisible admits what a token may consist of (RFC 6749 appendix A.12), spaces
// excepted: it goes into a header.
func isVisible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

package throttle

import (
	"encoding/json"
	"errors"
	"regexp"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const (
	markVersion = 1
	maxMark     = 16 << 10
	maxClaims   = 8 << 10
	// skew is how far apart the clocks of those may be who share marks.
	skew = time.Minute
)

// mark is what is kept of an answer. Nothing in it is free text of the server's or the
// caller's: codes are checked to be codes, ids to be UUIDs. Claims are a challenge that
// is meant to be handed on.
type mark struct {
	Version  int       `json:"v"`
	Set      time.Time `json:"set"`
	Until    time.Time `json:"until"`
	Failures int       `json:"failures,omitempty"`

	Status      int    `json:"status"`
	Code        string `json:"error,omitempty"` // "": no OAuth error
	SubError    string `json:"suberror,omitempty"`
	ErrorCodes  []int  `json:"error_codes,omitempty"`
	Claims      string `json:"claims,omitempty"`
	RetryAfter  int64  `json:"retry_after,omitempty"` // seconds
	Correlation string `json:"correlation_id,omitempty"`
	Trace       string `json:"trace_id,omitempty"`
}

// Compiled when a mark is made: at the start of every program they would take longer than all else.
var (
	code = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`) })
	uuid = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	})
)

// markOf makes the mark of an error; false when it cannot be told without its texts.
func markOf(err error, now time.Time, pause time.Duration, failures int) (mark, bool) {
	m := mark{Version: markVersion, Set: now.UTC(), Until: now.Add(pause).UTC(), Failures: failures}
	var refused *domain.OAuthError
	var unusable *domain.ResponseError
	switch {
	case errors.As(err, &refused):
		claims := refused.Claims == "" || len(refused.Claims) <= maxClaims && json.Valid([]byte(refused.Claims))
		if !claims || !code().MatchString(refused.Code) {
			return mark{}, false
		}
		m.Status, m.Code, m.ErrorCodes, m.Claims = refused.StatusCode, refused.Code, refused.ErrorCodes, refused.Claims
		m.SubError = matching(code(), refused.SubError)
		m.Correlation, m.Trace = matching(uuid(), refused.CorrelationID), matching(uuid(), refused.TraceID)
		m.RetryAfter = int64(refused.RetryAfter / time.Second)
	case errors.As(err, &unusable):
		m.Status, m.Correlation = unusable.Status, matching(uuid(), unusable.CorrelationID)
		m.RetryAfter = int64(unusable.RetryAfter / time.Second)
	}
	return m, m.Status != 0
}

func matching(form *regexp.Regexp, text string) string {
	if form.MatchString(text) {
		return text
	}
	return ""
}

// parse reads a mark; false for what is none.
func parse(value []byte) (mark, bool) {
	var m mark
	if len(value) == 0 || len(value) > maxMark || json.Unmarshal(value, &m) != nil {
		return mark{}, false
	}
	return m, m.Version == markVersion && m.Until.Sub(m.Set) <= longestPause && m.Failures >= 0
}

// holds reports whether the pause is on. One that begins in the future does not count:
// a clock was set back, and nobody knows how far.
func (m mark) holds(now time.Time) bool {
	return now.Before(m.Until) && !m.Set.After(now.Add(skew))
}

// recent is the count of failures, unless they are too long ago to matter.
func (m mark) recent(now time.Time) int {
	if now.Sub(m.Until) > memory {
		return 0
	}
	return m.Failures
}

// err is the error in place of a request.
func (m mark) err(r Request) error {
	return &domain.ThrottledError{Until: m.Until, Cause: m.cause(r)}
}

func (m mark) cause(r Request) error {
	asked := time.Duration(m.RetryAfter) * time.Second
	if m.Code == "" {
		return &domain.ResponseError{
			Operation: r.Operation, Host: r.Host, Status: m.Status, Problem: "could not be used", CorrelationID: m.Correlation, RetryAfter: asked,
		}
	}
	return &domain.OAuthError{
		Code: m.Code, SubError: m.SubError, ErrorCodes: m.ErrorCodes, Claims: m.Claims, CorrelationID: m.Correlation, TraceID: m.Trace,
		StatusCode: m.Status, RetryAfter: asked,
	}
}

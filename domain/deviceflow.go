package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// DeviceFlow is a sign-in under way on another device (RFC 8628): show the user
// VerificationURI and UserCode, or Message. It holds the device code. It prints
// without it, but marshals to JSON with it, so that another process can go on.
type DeviceFlow struct {
	UserCode        string
	VerificationURI string
	// VerificationURIComplete has the code in it, for a link or a QR code; "" for none.
	VerificationURIComplete string
	// Message says to the user what to do; the server's own, or else in English.
	Message   string
	ExpiresAt time.Time

	DeviceCode      Secret
	Interval        time.Duration // between two polls, at least
	NextPoll        time.Time     // not before
	Failures        int           // of polls in a row that nobody answered
	ClientID        string
	Authority       string // URL, with the tenant that was asked for
	Scopes          []string
	ClaimsChallenge string
	CorrelationID   string
}

// DeviceAuthorization is the answer of a device authorization endpoint (RFC 8628
// §3.2), in what it may be in.
type DeviceAuthorization struct {
	DeviceCode, UserCode                     Secret
	VerificationURI, VerificationURIComplete string
	Message                                  string
	ExpiresIn, Interval                      time.Duration
	HasExpiry, HasInterval                   bool
}

const (
	defaultInterval = 5 * time.Second // RFC 8628 §3.2
	leastInterval   = time.Second
	slowDown        = 5 * time.Second // RFC 8628 §3.5: for this and all later polls
	defaultFlowLife = 15 * time.Minute
	maxFlowLife     = 30 * time.Minute
	maxBackOff      = 4 // doublings of the interval while the server does not answer
	maxUserCode     = 64
	maxMessage      = 1000
)

// NewDeviceFlow returns the flow that an answer begins at now. field is the member
// of the answer that cannot be used, "" when all can. What is shown to a user is made
// safe for a terminal.
func NewDeviceFlow(a DeviceAuthorization, now time.Time) (f DeviceFlow, field, problem string) {
	code := a.UserCode.Reveal()
	switch {
	case a.DeviceCode.IsZero():
		return f, "device_code", "is missing"
	case code == "" || len(code) > maxUserCode || PrintableText(code) != code:
		return f, "user_code", "is missing, or no code that a person can type"
	case !isWebAddress(a.VerificationURI):
		return f, "verification_uri", "is no https URL"
	case a.HasInterval && a.Interval < 0:
		return f, "interval", "is negative"
	case a.HasExpiry && a.ExpiresIn <= 0:
		return f, "expires_in", "is over before it begins"
	}
	life := defaultFlowLife
	if a.HasExpiry {
		life = min(a.ExpiresIn, maxFlowLife)
	}
	interval := defaultInterval
	if a.HasInterval {
		interval = max(leastInterval, a.Interval)
	}
	f = DeviceFlow{
		UserCode: code, VerificationURI: a.VerificationURI, Message: printableLines(a.Message), ExpiresAt: now.Add(life),
		DeviceCode: a.DeviceCode, Interval: interval, NextPoll: now.Add(interval),
	}
	if isWebAddress(a.VerificationURIComplete) && sameHost(a.VerificationURI, a.VerificationURIComplete) {
		f.VerificationURIComplete = a.VerificationURIComplete
	}
	if f.Message == "" {
		f.Message = "To sign in, open " + f.VerificationURI + " in a browser and enter the code " + f.UserCode
	}
	return f, "", ""
}

// isWebAddress admits what may be shown as a link: https, and nothing that a
// terminal takes for a command.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.User == nil && validHost(u.Hostname()) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func sameHost(a, b string) bool {
	first, err1 := url.Parse(a)
	second, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && strings.EqualFold(first.Host, second.Host)
}

// printableLines makes a server's message safe to show: letters of any language, and
// no control characters but line breaks.
func printableLines(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, text), "")
}

// Expired reports whether no poll can succeed any more: the next one would come
// after the end.
func (f DeviceFlow) Expired(now time.Time) bool {
	return !now.Before(f.ExpiresAt) || !f.NextPoll.Before(f.ExpiresAt)
}

// PollOutcome is what a poll that brought no token says of the next one.
type PollOutcome struct {
	SlowDown   bool          // RFC 8628 §3.5, "slow_down"
	Failed     bool          // no answer, or none that can be used
	RetryAfter time.Duration // the server asks for a pause
}

// After returns the flow after a poll that ended at now: when the next one may be
// sent. A server that does not answer is asked at doubling intervals (§3.5).
func (f DeviceFlow) After(o PollOutcome, now time.Time) DeviceFlow {
	if o.SlowDown {
		f.Interval += slowDown
	}
	if f.Failures++; !o.Failed {
		f.Failures = 0
	}
	wait := f.Interval << min(f.Failures, maxBackOff)
	f.NextPoll = now.Add(max(wait, o.RetryAfter))
	return f
}

// deviceRecord is the flow in JSON.
type deviceRecord struct {
	Version                 int       `json:"version"`
	UserCode                string    `json:"user_code"`
	VerificationURI         string    `json:"verification_uri"`
	VerificationURIComplete string    `json:"verification_uri_complete,omitempty"`
	Message                 string    `json:"message"`
	ExpiresAt               time.Time `json:"expires_at"`
	DeviceCode              string    `json:"device_code"`
	Interval                int64     `json:"interval"` // nanoseconds
	NextPoll                time.Time `json:"next_poll"`
	Failures                int       `json:"failures,omitempty"`
	ClientID                string    `json:"client_id"`
	Authority               string    `json:"authority"`
	Scopes                  []string  `json:"scopes"`
	ClaimsChallenge         string    `json:"claims_challenge,omitempty"`
	CorrelationID           string    `json:"correlation_id"`
}

// MarshalJSON implements [json.Marshaler] with the device code in full.
func (f DeviceFlow) MarshalJSON() ([]byte, error) {
	return json.Marshal(deviceRecord{
		Version: flowVersion, UserCode: f.UserCode, VerificationURI: f.VerificationURI, VerificationURIComplete: f.VerificationURIComplete,
		Message: f.Message, ExpiresAt: f.ExpiresAt, DeviceCode: f.DeviceCode.Reveal(), Interval: int64(f.Interval), NextPoll: f.NextPoll,
		Failures: f.Failures, ClientID: f.ClientID, Authority: f.Authority, Scopes: f.Scopes, ClaimsChallenge: f.ClaimsChallenge,
		CorrelationID: f.CorrelationID,
	})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *DeviceFlow) UnmarshalJSON(text []byte) error {
	var r deviceRecord
	if json.Unmarshal(text, &r) != nil { // its error would quote the text
		return errors.New("device flow: not the JSON of a flow")
	}
	if r.Version != flowVersion {
		return fmt.Errorf("device flow: version %d is not %d, which this program writes", r.Version, flowVersion)
	}
	*f = DeviceFlow{
		UserCode: r.UserCode, VerificationURI: r.VerificationURI, VerificationURIComplete: r.VerificationURIComplete, Message: r.Message,
		ExpiresAt: r.ExpiresAt, DeviceCode: NewSecret(r.DeviceCode), Interval: time.Duration(r.Interval), NextPoll: r.NextPoll,
		Failures: max(0, r.Failures), ClientID: r.ClientID, Authority: r.Authority, Scopes: r.Scopes,
		ClaimsChallenge: r.ClaimsChallenge, CorrelationID: r.CorrelationID,
	}
	return nil
}

// Format implements [fmt.Formatter] without the codes.
func (f DeviceFlow) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "device flow "+Redacted) }

// LogValue implements [slog.LogValuer]: a flow marshals to JSON in full, and must not
// into a log.
func (f DeviceFlow) LogValue() slog.Value { return slog.StringValue("device flow " + Redacted) }

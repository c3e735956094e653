package tokenendpoint

import (
	"context"
	"errors"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/domain"
)

const deviceAuthorization = "device authorization endpoint"

// AuthorizeDevice sends a device authorization request (RFC 8628 §3.1) and reads the
// answer; what its members mean is the domain's to say.
func AuthorizeDevice(ctx context.Context, c *exchange.Client, r Request, now func() time.Time) (domain.DeviceAuthorization, error) {
	req, err := newRequest(ctx, r)
	if err != nil {
		return domain.DeviceAuthorization{}, err
	}
	answer, err := c.Do(deviceAuthorization, req)
	if err != nil {
		return domain.DeviceAuthorization{}, withCorrelation(err, r.CorrelationID)
	}
	p := parser{host: req.URL.Host, correlation: r.CorrelationID, now: now()}
	object, err := p.object(answer)
	if err == nil {
		var a domain.DeviceAuthorization
		if a, err = p.device(object); err == nil {
			return a, nil
		}
	}
	var bad *domain.ResponseError
	if errors.As(err, &bad) {
		bad.Operation = deviceAuthorization
	}
	return domain.DeviceAuthorization{}, err
}

// device reads the members. Microsoft's older servers write verification_url.
func (p parser) device(o strictjson.Object) (domain.DeviceAuthorization, error) {
	var a domain.DeviceAuthorization
	var deviceCode, userCode, older string
	for _, t := range []struct {
		name string
		into *string
	}{
		{"device_code", &deviceCode}, {"user_code", &userCode}, {"verification_uri", &a.VerificationURI}, {"verification_url", &older},
		{"verification_uri_complete", &a.VerificationURIComplete}, {"message", &a.Message},
	} {
		text, err := o.String(t.name)
		if err != nil {
			return a, p.bad(t.name, "is not a string", nil)
		}
		*t.into = text
	}
	if a.VerificationURI == "" {
		a.VerificationURI = older
	}
	if len(deviceCode) > maxTokenLength || !isVisible(deviceCode) {
		return a, p.bad("device_code", "is too long or has characters that a code cannot have", nil)
	}
	a.DeviceCode, a.UserCode = domain.NewSecret(deviceCode), domain.NewSecret(userCode)
	for _, t := range []struct {
		name    string
		into    *time.Duration
		present *bool
	}{{"expires_in", &a.ExpiresIn, &a.HasExpiry}, {"interval", &a.Interval, &a.HasInterval}} {
		d, present, ok := seconds(o[t.name])
		if !ok {
			return a, p.bad(t.name, "is not a number of seconds", nil)
		}
		*t.into, *t.present = d, present
	}
	return a, nil
}

package tokenendpoint_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

func authorizeDevice(t *testing.T, s *server) (domain.DeviceAuthorization, error) {
	t.Helper()
	return tokenendpoint.AuthorizeDevice(t.Context(), exchange.New(s), tokenendpoint.Request{
		Endpoint: "https://" + host + "/devicecode", Form: url.Values{"client_id": {"c"}}, CorrelationID: correlation,
	}, func() time.Time { return noon })
}

func TestDeviceAuthorization(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       domain.DeviceAuthorization
	}{
		{
			"everything",
			`{"device_code":"dc","user_code":"WDJB-MJHT","verification_uri":"https://example.com/device","verification_uri_complete":"https://example.com/device?c=1",
			  "message":"Go there.","expires_in":900,"interval":5,"unknown":1}`,
			domain.DeviceAuthorization{
				DeviceCode: domain.NewSecret("dc"), UserCode: domain.NewSecret("WDJB-MJHT"), VerificationURI: "https://example.com/device",
				VerificationURIComplete: "https://example.com/device?c=1", Message: "Go there.", ExpiresIn: 15 * time.Minute, Interval: 5 * time.Second, HasExpiry: true, HasInterval: true,
			},
		},
		{
			"as older servers write it", `{"device_code":"dc","user_code":"u","verification_url":"https://example.com/old","expires_in":"900","interval":"0"}`,
			domain.DeviceAuthorization{
				DeviceCode: domain.NewSecret("dc"), UserCode: domain.NewSecret("u"), VerificationURI: "https://example.com/old", ExpiresIn: 15 * time.Minute, HasExpiry: true, HasInterval: true,
			},
		},
		{
			"both names of the page", `{"verification_uri":"https://example.com/new","verification_url":"https://example.com/old"}`,
			domain.DeviceAuthorization{VerificationURI: "https://example.com/new"},
		},
		{"what is missing is for the domain to judge", `{}`, domain.DeviceAuthorization{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := authorizeDevice(t, &server{body: tt.body})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, comparers); diff != "" {
				t.Errorf("authorization (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeviceAuthorizationThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct {
		status      int
		body, field string
		is          error
	}{
		{200, "<html>", "", nil},
		{200, `{"device_code":1}`, "device_code", nil},
		{200, `{"device_code":"a b"}`, "device_code", nil},
		{200, `{"device_code":"` + strings.Repeat("x", 512<<10+1) + `"}`, "device_code", nil},
		{200, `{"user_code":[]}`, "user_code", nil},
		{200, `{"verification_uri":{}}`, "verification_uri", nil},
		{200, `{"verification_url":true}`, "verification_url", nil},
		{200, `{"verification_uri_complete":1}`, "verification_uri_complete", nil},
		{200, `{"message":1}`, "message", nil},
		{200, `{"expires_in":"soon"}`, "expires_in", nil},
		{200, `{"interval":-5}`, "interval", nil},
		{404, `{"device_code":"dc"}`, "", nil},
		{503, "", "", domain.ErrUnavailable},
		{302, "", "", domain.ErrRedirectRefused},
	} {
		got, err := authorizeDevice(t, &server{status: tt.status, body: tt.body})
		var bad *domain.ResponseError
		if !errors.As(err, &bad) || bad.Operation != "device authorization endpoint" || bad.Status != tt.status || bad.Field != tt.field || (tt.is != nil && !errors.Is(err, tt.is)) {
			t.Errorf("%d %.80s: got %v, want field %q of the device authorization endpoint", tt.status, tt.body, err, tt.field)
		}
		if diff := cmp.Diff(domain.DeviceAuthorization{}, got, comparers); diff != "" {
			t.Errorf("authorization beside the error (-want +got):\n%s", diff)
		}
	}
	var refusal *domain.OAuthError
	if _, err := authorizeDevice(t, &server{status: 400, body: `{"error":"invalid_scope"}`}); !errors.As(err, &refusal) || refusal.Code != "invalid_scope" {
		t.Errorf("got %v, want the server's refusal", err)
	}
	var none *domain.TransportError
	if _, err := authorizeDevice(t, &server{err: errors.New("connection reset")}); !errors.As(err, &none) || none.Operation != "device authorization endpoint" {
		t.Errorf("got %v, want a TransportError", err)
	}
	if _, err := tokenendpoint.AuthorizeDevice(t.Context(), exchange.New(&server{}), tokenendpoint.Request{Endpoint: "\x00"}, time.Now); err == nil {
		t.Error("an endpoint that is no URL is no error")
	}
}

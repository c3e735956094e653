package domain_test

import (
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

func TestCurrentTelemetry(t *testing.T) {
	for want, row := range map[string]struct {
		id     domain.APIID
		reason domain.RefreshReason
	}{
		"4|84,2|":  {domain.AcquireTokenSilentID, domain.ReasonNoCachedToken},
		"4|730,3|": {domain.AcquireTokenForClientID, domain.ReasonExpired},
		"4|85,1|":  {domain.AcquireTokenByRefreshTokenID, domain.ReasonForced},
		"4|832,0|": {domain.AcquireTokenByAuthorizationCodeID, domain.ReasonNotApplicable},
		"4|523,4|": {domain.AcquireTokenOnBehalfOfID, domain.ReasonProactiveRefresh},
	} {
		if got := domain.CurrentTelemetry(row.id, row.reason); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRefreshReason(t *testing.T) {
	for r, want := range map[domain.RefreshReason]string{
		domain.ReasonNotApplicable: "not applicable", domain.ReasonForced: "forced", domain.ReasonNoCachedToken: "no cached token",
		domain.ReasonExpired: "expired", domain.ReasonProactiveRefresh: "proactive refresh", 99: "proactive refresh",
	} {
		if r.String() != want {
			t.Errorf("reason %d is %q, want %q", r, r, want)
		}
	}
}

func TestAPIIDsHaveTheNamesOfMSALPython(t *testing.T) {
	for want, id := range map[string]domain.APIID{
		"acquire_token_by_authorization_code": domain.AcquireTokenByAuthorizationCodeID,
		"acquire_token_by_device_flow":        domain.AcquireTokenByDeviceFlowID,
		"acquire_token_by_refresh_token":      domain.AcquireTokenByRefreshTokenID,
		"acquire_token_by_username_password":  domain.AcquireTokenByUsernamePasswordID,
		"acquire_token_for_client":            domain.AcquireTokenForClientID,
		"acquire_token_interactive":           domain.AcquireTokenInteractiveID,
		"acquire_token_on_behalf_of":          domain.AcquireTokenOnBehalfOfID,
		"acquire_token_silent":                domain.AcquireTokenSilentID,
		"get_accounts":                        domain.AccountsID,
		"remove_account":                      domain.RemoveAccountID,
		"7":                                   domain.APIID(7),
	} {
		if got := id.String(); got != want {
			t.Errorf("%d is %q, want %q", int(id), got, want)
		}
	}
}

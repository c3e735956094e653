package domain

import "strconv"

// APIID names a use case in the x-client-current-telemetry header; the values are MSAL's.
type APIID int

// The use cases, as MSAL numbers them.
const (
	AcquireTokenByAuthorizationCodeID APIID = 832
	AcquireTokenByDeviceFlowID        APIID = 622
	AcquireTokenByRefreshTokenID      APIID = 85
	AcquireTokenByUsernamePasswordID  APIID = 301
	AcquireTokenForClientID           APIID = 730
	AcquireTokenInteractiveID         APIID = 169
	AcquireTokenOnBehalfOfID          APIID = 523
	AcquireTokenSilentID              APIID = 84
	AccountsID                        APIID = 902
	RemoveAccountID                   APIID = 903
)

// String returns the use case's name, for logs and metrics: that of MSAL Python's method.
func (id APIID) String() string {
	switch id {
	case AcquireTokenByAuthorizationCodeID:
		return "acquire_token_by_authorization_code"
	case AcquireTokenByDeviceFlowID:
		return "acquire_token_by_device_flow"
	case AcquireTokenByRefreshTokenID:
		return "acquire_token_by_refresh_token"
	case AcquireTokenByUsernamePasswordID:
		return "acquire_token_by_username_password"
	case AcquireTokenForClientID:
		return "acquire_token_for_client"
	case AcquireTokenInteractiveID:
		return "acquire_token_interactive"
	case AcquireTokenOnBehalfOfID:
		return "acquire_token_on_behalf_of"
	case AcquireTokenSilentID:
		return "acquire_token_silent"
	case AccountsID:
		return "get_accounts"
	case RemoveAccountID:
		return "remove_account"
	}
	return strconv.Itoa(int(id))
}

// RefreshReason says why a token was not taken from the cache; the values are MSAL's.
type RefreshReason uint8

// The reasons.
const (
	ReasonNotApplicable    RefreshReason = iota // the cache was not asked, or it served
	ReasonForced                                // force refresh or a claims challenge
	ReasonNoCachedToken                         // the cache had none
	ReasonExpired                               // it had one that is expired or due
	ReasonProactiveRefresh                      // it had one past its refresh time
)

// String returns the reason's name, for logs.
func (r RefreshReason) String() string {
	return [...]string{"not applicable", "forced", "no cached token", "expired", "proactive refresh"}[min(r, ReasonProactiveRefresh)]
}

// CurrentTelemetry returns the value of the x-client-current-telemetry header,
// schema version 4: "4|730,2|".
func CurrentTelemetry(id APIID, reason RefreshReason) string {
	return "4|" + strconv.Itoa(int(id)) + "," + strconv.Itoa(int(reason)) + "|"
}

// CurrentTelemetryInRegion returns the same of a client that has a region, schema
// version 5: "5|730,2,westeurope,3,4|".
func CurrentTelemetryInRegion(id APIID, reason RefreshReason, d RegionDetails) string {
	return "5|" + strconv.Itoa(int(id)) + "," + strconv.Itoa(int(reason)) + "," + d.telemetry() + "|"
}

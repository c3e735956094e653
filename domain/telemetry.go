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

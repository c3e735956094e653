package domain

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// ClientInfo is what Microsoft's servers say of a user beside the ID token: who it
// is at home, whichever tenant issued the token.
type ClientInfo struct {
	UserID   string // "uid"
	TenantID string // "utid"
}

// ParseClientInfo reads the client_info parameter: JSON in base64url. Text that
// cannot be read gives the zero ClientInfo: the ID token names the user too.
func ParseClientInfo(text string) ClientInfo {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return ClientInfo{}
	}
	var info struct {
		UserID   string `json:"uid"`
		TenantID string `json:"utid"`
	}
	if json.Unmarshal(raw, &info) != nil {
		return ClientInfo{}
	}
	return ClientInfo{info.UserID, info.TenantID}
}

// IsZero reports whether the user's home is not known.
func (c ClientInfo) IsZero() bool { return c.UserID == "" || c.TenantID == "" }

// HomeAccountID returns "<uid>.<utid>", or "" when that is not known.
func (c ClientInfo) HomeAccountID() string {
	if c.IsZero() {
		return ""
	}
	return c.UserID + "." + c.TenantID
}

// AnchorMailbox returns the value of the X-AnchorMailbox header, which routes a
// request to the data centre where the user's data are; "" when that is not known.
func (c ClientInfo) AnchorMailbox() string {
	// It may have come through a browser, so only what ids are made of goes into a header.
	if c.IsZero() || !isName(c.UserID) || !isName(c.TenantID) {
		return ""
	}
	return "Oid:" + c.UserID + "@" + c.TenantID
}

// ClientInfoOf takes a home account id apart. Ids of other servers than Microsoft's
// have no dot in the right place and give the zero ClientInfo.
func ClientInfoOf(homeAccountID string) ClientInfo {
	user, tenant, found := strings.Cut(homeAccountID, ".")
	if !found || strings.Contains(tenant, ".") {
		return ClientInfo{}
	}
	return ClientInfo{user, tenant}
}

package domain

import (
	"encoding/json"
	"fmt"
	"io"
)

// UserInfo is what an authority knows of a user (OIDC Core §5.1). It holds personal
// data and prints without it.
type UserInfo struct {
	Subject           string
	Name              string
	GivenName         string
	FamilyName        string
	PreferredUsername string
	Email             string
	EmailVerified     bool
	Picture           string // URL
	Locale            string

	// All is every member as it was sent, in JSON.
	All map[string]json.RawMessage
}

// NewUserInfo returns the claims of a userinfo response. Its errors quote nothing.
func NewUserInfo(members map[string]json.RawMessage) (UserInfo, error) {
	info := UserInfo{All: members}
	for name, into := range map[string]any{
		"sub": &info.Subject, "name": &info.Name, "given_name": &info.GivenName, "family_name": &info.FamilyName,
		"preferred_username": &info.PreferredUsername, "email": &info.Email,
		"picture": &info.Picture, "locale": &info.Locale,
	} {
		if raw, ok := members[name]; ok && json.Unmarshal(raw, into) != nil {
			return UserInfo{}, fmt.Errorf("the claim %q has the wrong type", name)
		}
	}
	verified := string(members["email_verified"])
	info.EmailVerified = verified == "true" || verified == `"true"` // as some providers write it
	return info, nil
}

// Format implements [fmt.Formatter] without personal data.
func (u UserInfo) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "user info "+Redacted) }

// MarshalText implements [encoding.TextMarshaler] without personal data, for logs.
func (u UserInfo) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", u), nil }

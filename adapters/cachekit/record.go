package cachekit

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed57855a68/keyport/domain"
)

// recordVersion is raised when an older reader would misunderstand a record. What an
// older reader can leave out, such as a new field, does not raise it.
const recordVersion = 1

// kindNames are the kinds of record as stores see them. They are never changed.
var kindNames = [...]string{
	domain.AccessTokenRecord:  "access_token",
	domain.RefreshTokenRecord: "refresh_token",
	domain.IDTokenRecord:      "id_token",
	domain.AccountRecord:      "account",
	domain.AppMetadataRecord:  "app_metadata",
}

// wireRecord is a record as bytes: fields are named for what they hold, absent when
// empty. Times are whole seconds since 1970.
type wireRecord struct {
	Version int     `json:"v"`
	Kind    string  `json:"kind"`
	Key     wireKey `json:"key"`

	Secret        string `json:"secret,omitempty"`
	Type          string `json:"token_type,omitempty"`
	Scopes        string `json:"scopes,omitempty"`
	HomeAccountID string `json:"home_account_id,omitempty"`
	ClientID      string `json:"client_id,omitempty"`
	FamilyID      string `json:"family_id,omitempty"`

	LocalAccountID string `json:"local_account_id,omitempty"`
	Username       string `json:"username,omitempty"`
	AuthorityType  string `json:"authority_type,omitempty"`
	Source         string `json:"account_source,omitempty"`

	CachedAt *int64 `json:"cached_at,omitempty"`
	Expires  *int64 `json:"expires_on,omitempty"`
	Extended *int64 `json:"extended_expires_on,omitempty"`
	Refresh  *int64 `json:"refresh_on,omitempty"`
	Modified *int64 `json:"last_modified,omitempty"`
}

type wireKey struct {
	Environment string `json:"environment,omitempty"`
	Tenant      string `json:"tenant,omitempty"`
	ClientID    string `json:"client_id,omitempty"`
	Scopes      string `json:"scopes,omitempty"`
	TokenType   string `json:"token_type,omitempty"`
	KeyID       string `json:"key_id,omitempty"`
	Policy      string `json:"policy,omitempty"`
	Extra       string `json:"extra,omitempty"`
}

// EncodeRecord returns a record as bytes, in clear: seal them, or keep them from others'
// eyes. It fails for text that is not UTF-8, which would not come back as it is.
func EncodeRecord(r domain.Record) ([]byte, error) {
	w, ok := toWire(r)
	if !ok {
		return nil, &domain.ConfigError{
			Field: "Record", Problem: fmt.Sprintf("is a %T", r), Remedy: "pass one of the record types of package domain, not a pointer",
		}
	}
	if !w.isUTF8() {
		return nil, &domain.ConfigError{Field: "Record", Problem: "has text that is not UTF-8", Remedy: "do not cache it"}
	}
	return json.Marshal(w) //nolint:gosec // the record's secret is what is to be stored
}

// DecodeRecord reads what [EncodeRecord] wrote, in this version or another. Fields that it
// does not know are ignored. It fails with [ErrNewer] for a record that a newer version
// wrote and this one would misunderstand, and with [ErrDamaged] for what is no record.
func DecodeRecord(data []byte) (domain.Record, error) {
	var w wireRecord
	wrong := json.Unmarshal(data, &w) // the text of this error may quote a value
	if wrong != nil {
		var head struct { // a newer version may have given a field another type
			Version int    `json:"v"`
			Kind    string `json:"kind"`
		}
		if json.Unmarshal(data, &head) != nil {
			return nil, ErrDamaged
		}
		w.Version, w.Kind = head.Version, head.Kind
	}
	kind := kindOf(w.Kind)
	switch {
	case w.Version < 1 || w.Kind == "":
		return nil, ErrDamaged
	case w.Version > recordVersion || kind == 0:
		return nil, ErrNewer
	case wrong != nil:
		return nil, ErrDamaged
	}
	return w.record(kind), nil
}

func nameOfKind(k domain.RecordKind) string {
	if int(k) >= len(kindNames) {
		return ""
	}
	return kindNames[k]
}

func kindOf(name string) domain.RecordKind {
	return domain.RecordKind(max(0, slices.Index(kindNames[1:], name)+1)) //nolint:gosec // there are five
}

func toWire(r domain.Record) (w wireRecord, ok bool) {
	w.Version = recordVersion
	switch r := r.(type) {
	case domain.AccessToken:
		w.Secret, w.Type, w.Scopes, w.HomeAccountID = r.Secret.Reveal(), r.Type, r.Scopes.String(), r.HomeAccountID
		w.CachedAt, w.Expires = secondsOf(r.CachedAt), secondsOf(r.ExpiresOn)
		w.Extended, w.Refresh = secondsOf(r.ExtendedExpiresOn), secondsOf(r.RefreshOn)
	case domain.RefreshToken:
		w.Secret, w.Scopes, w.HomeAccountID = r.Secret.Reveal(), r.Scopes.String(), r.HomeAccountID
		w.ClientID, w.FamilyID = r.ClientID, r.FamilyID
		w.Modified, w.Expires = secondsOf(r.LastModified), secondsOf(r.ExpiresOn)
	case domain.IDToken:
		w.Secret, w.HomeAccountID = r.Secret.Reveal(), r.HomeAccountID
	case domain.Account:
		w.HomeAccountID, w.LocalAccountID, w.Username = r.HomeAccountID, r.LocalAccountID, r.Username
		w.AuthorityType, w.Source = r.AuthorityType, string(r.Source)
	case domain.AppMetadata:
		w.ClientID, w.FamilyID = r.ClientID, r.FamilyID
	default:
		return w, false
	}
	k := r.RecordKey()
	w.Kind = nameOfKind(kindOfType(r))
	w.Key = wireKey{k.Environment, k.Tenant, k.ClientID, k.Scopes, k.TokenType, k.KeyID, k.Policy, k.Extra}
	return w, k.Kind == kindOfType(r)
}

// kindOfType is the kind that a record must have in its key.
func kindOfType(r domain.Record) domain.RecordKind {
	switch r.(type) {
	case domain.AccessToken:
		return domain.AccessTokenRecord
	case domain.RefreshToken:
		return domain.RefreshTokenRecord
	case domain.IDToken:
		return domain.IDTokenRecord
	case domain.Account:
		return domain.AccountRecord
	case domain.AppMetadata:
		return domain.AppMetadataRecord
	}
	return 0
}

func (w wireRecord) isUTF8() bool {
	for _, text := range []string{
		w.Secret, w.Type, w.Scopes, w.HomeAccountID, w.ClientID, w.FamilyID,
		w.LocalAccountID, w.Username, w.AuthorityType, w.Source,
		w.Key.Environment, w.Key.Tenant, w.Key.ClientID, w.Key.Scopes, w.Key.TokenType, w.Key.KeyID, w.Key.Policy, w.Key.Extra,
	} {
		if !utf8.ValidString(text) {
			return false
		}
	}
	return true
}

func (w wireRecord) record(kind domain.RecordKind) domain.Record {
	key := domain.RecordKey{
		Kind: kind, Environment: w.Key.Environment, Tenant: w.Key.Tenant, ClientID: w.Key.ClientID, Scopes: w.Key.Scopes,
		TokenType: w.Key.TokenType, KeyID: w.Key.KeyID, Policy: w.Key.Policy, Extra: w.Key.Extra,
	}
	secret, scopes := domain.NewSecret(w.Secret), domain.ScopesFromResponse(w.Scopes)
	switch kind {
	case domain.AccessTokenRecord:
		return domain.AccessToken{
			Key: key, Secret: secret, Type: w.Type, Scopes: scopes, HomeAccountID: w.HomeAccountID,
			CachedAt: timeOf(w.CachedAt), ExpiresOn: timeOf(w.Expires), ExtendedExpiresOn: timeOf(w.Extended), RefreshOn: timeOf(w.Refresh),
		}
	case domain.RefreshTokenRecord:
		return domain.RefreshToken{
			Key: key, Secret: secret, HomeAccountID: w.HomeAccountID, ClientID: w.ClientID, FamilyID: w.FamilyID,
			Scopes: scopes, LastModified: timeOf(w.Modified), ExpiresOn: timeOf(w.Expires),
		}
	case domain.IDTokenRecord:
		return domain.IDToken{Key: key, Secret: secret, HomeAccountID: w.HomeAccountID}
	case domain.AccountRecord:
		return domain.Account{
			HomeAccountID: w.HomeAccountID, LocalAccountID: w.LocalAccountID, Environment: key.Environment, Tenant: key.Tenant,
			Username: w.Username, AuthorityType: w.AuthorityType, Source: domain.AccountSource(w.Source),
		}
	default:
		return domain.AppMetadata{Key: key, ClientID: w.ClientID, FamilyID: w.FamilyID}
	}
}

func secondsOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}

func timeOf(seconds *int64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	return time.Unix(*seconds, 0).UTC()
}

// withFieldsOf adds to a record what an older form of it has and this version does not
// know. Only what describes a user or a client outlives a change: what is said of a token
// does not hold for the next one.
func withFieldsOf(payload, older []byte, kind domain.RecordKind) []byte {
	if kind != domain.AccountRecord && kind != domain.AppMetadataRecord {
		return payload
	}
	var kept, fresh map[string]json.RawMessage
	if json.Unmarshal(older, &kept) != nil || json.Unmarshal(payload, &fresh) != nil {
		return payload
	}
	maps.DeleteFunc(kept, func(name string, _ json.RawMessage) bool { return wireFields[strings.ToLower(name)] })
	if len(kept) == 0 {
		return payload
	}
	maps.Copy(kept, fresh)
	merged, err := json.Marshal(kept)
	if err != nil {
		return payload
	}
	return merged
}

// wireFields are the fields of a record that this version knows.
var wireFields = fieldsOf(reflect.TypeFor[wireRecord]())

func fieldsOf(t reflect.Type) map[string]bool {
	names := make(map[string]bool, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

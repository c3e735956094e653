package unified

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// ownSection is the section for what has no place in the schema. Its version is raised
// when an older reader would misunderstand it; one that is newer is not overwritten.
const (
	ownSection = "Keyport"
	ownVersion = 1
)

// ownRecord is a record of the own section. Times are seconds; 0 is unknown.
type ownRecord struct {
	Partition   string `json:"partition"`
	Kind        string `json:"kind"`
	Environment string `json:"environment,omitempty"`
	Tenant      string `json:"realm,omitempty"`
	KeyClient   string `json:"key_client,omitempty"`
	KeyScopes   string `json:"key_scopes,omitempty"`
	KeyType     string `json:"key_token_type,omitempty"`
	KeyID       string `json:"key_id,omitempty"`
	KeyPolicy   string `json:"key_policy,omitempty"`
	KeyExtra    string `json:"key_extra,omitempty"`

	Secret    string `json:"secret,omitempty"`
	Type      string `json:"token_type,omitempty"`
	Scopes    string `json:"target,omitempty"`
	Home      string `json:"home_account_id,omitempty"`
	Client    string `json:"client_id,omitempty"`
	Family    string `json:"family_id,omitempty"`
	Local     string `json:"local_account_id,omitempty"`
	Username  string `json:"username,omitempty"`
	Authority string `json:"authority_type,omitempty"`
	Source    string `json:"account_source,omitempty"`

	CachedAt int64 `json:"cached_at,omitempty"`
	Expires  int64 `json:"expires_on,omitempty"`
	Extended int64 `json:"extended_expires_on,omitempty"`
	Refresh  int64 `json:"refresh_on,omitempty"`
	Modified int64 `json:"last_modification_time,omitempty"`

	// Check is a digest of the rest. A damaged byte must not turn a token into somebody
	// else's. It does not protect from those who can write the file.
	Check string `json:"check"`
}

func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(seconds int64) time.Time {
	if seconds == 0 || seconds < minSeconds || seconds > maxSeconds {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// sum is the digest of a record. It is of what the record says, and not of bytes, which
// others may format anew.
func (o ownRecord) sum() string {
	o.Check = ""
	raw, err := json.Marshal(o) //nolint:gosec // of which a digest is made
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// ownEntry writes a record into the own section; nil when it would not come back.
func ownEntry(p domain.PartitionKey, r domain.Record) *entry {
	k := r.RecordKey()
	o := ownRecord{
		Partition: p.Text(), Kind: sections[k.Kind], Environment: k.Environment, Tenant: k.Tenant, KeyClient: k.ClientID,
		KeyScopes: k.Scopes, KeyType: k.TokenType, KeyID: k.KeyID, KeyPolicy: k.Policy, KeyExtra: k.Extra,
	}
	switch r := r.(type) {
	case domain.AccessToken:
		o.Secret, o.Type, o.Scopes, o.Home = r.Secret.Reveal(), r.Type, r.Scopes.String(), r.HomeAccountID
		o.CachedAt, o.Expires = unixOf(r.CachedAt), unixOf(r.ExpiresOn)
		o.Extended, o.Refresh = unixOf(r.ExtendedExpiresOn), unixOf(r.RefreshOn)
	case domain.RefreshToken:
		o.Secret, o.Scopes, o.Home, o.Client, o.Family = r.Secret.Reveal(), r.Scopes.String(), r.HomeAccountID, r.ClientID, r.FamilyID
		o.Modified, o.Expires = unixOf(r.LastModified), unixOf(r.ExpiresOn)
	case domain.IDToken:
		o.Secret, o.Home = r.Secret.Reveal(), r.HomeAccountID
	case domain.Account:
		o.Home, o.Local, o.Username, o.Authority, o.Source = r.HomeAccountID, r.LocalAccountID, r.Username, r.AuthorityType, string(r.Source)
	case domain.AppMetadata:
		o.Client, o.Family = r.ClientID, r.FamilyID
	}
	o.Check = o.sum()
	raw, err := json.Marshal(o) //nolint:gosec // this is what the file is for
	if err != nil {
		return nil
	}
	e := decodeOwn(raw)
	if e.problem != "" || !e.comesBack(p, r) {
		return nil
	}
	return e
}

// decodeOwn reads a record of the own section.
func decodeOwn(raw []byte) *entry {
	e := &entry{raw: raw}
	var o ownRecord
	if json.Unmarshal(raw, &o) != nil {
		e.problem = "is not a record"
		return e
	}
	p, err := domain.ParsePartitionKey(o.Partition)
	r := o.record()
	switch {
	case err != nil:
		e.problem = "has no partition"
	case r == nil:
		e.problem = "is of an unknown kind"
	case o.Check != o.sum():
		e.problem = "is damaged"
	default:
		e.partitions, e.own = []domain.PartitionKey{p}, r
	}
	return e
}

func (o ownRecord) record() domain.Record {
	kind := kindOf(o.Kind)
	key := domain.RecordKey{
		Kind: kind, Environment: o.Environment, Tenant: o.Tenant, ClientID: o.KeyClient, Scopes: o.KeyScopes,
		TokenType: o.KeyType, KeyID: o.KeyID, Policy: o.KeyPolicy, Extra: o.KeyExtra,
	}
	secret := domain.NewSecret(o.Secret)
	switch kind {
	case domain.AccessTokenRecord:
		return domain.AccessToken{
			Key: key, Secret: secret, Type: o.Type, Scopes: domain.ScopesFromResponse(o.Scopes), HomeAccountID: o.Home,
			CachedAt: timeOf(o.CachedAt), ExpiresOn: timeOf(o.Expires), ExtendedExpiresOn: timeOf(o.Extended), RefreshOn: timeOf(o.Refresh),
		}
	case domain.RefreshTokenRecord:
		return domain.RefreshToken{
			Key: key, Secret: secret, HomeAccountID: o.Home, ClientID: o.Client, FamilyID: o.Family,
			Scopes: domain.ScopesFromResponse(o.Scopes), LastModified: timeOf(o.Modified), ExpiresOn: timeOf(o.Expires),
		}
	case domain.IDTokenRecord:
		return domain.IDToken{Key: key, Secret: secret, HomeAccountID: o.Home}
	case domain.AccountRecord:
		return domain.Account{
			HomeAccountID: o.Home, LocalAccountID: o.Local, Environment: o.Environment, Tenant: o.Tenant,
			Username: o.Username, AuthorityType: o.Authority, Source: domain.AccountSource(o.Source),
		}
	case domain.AppMetadataRecord:
		return domain.AppMetadata{Key: key, ClientID: o.Client, FamilyID: o.Family}
	}
	return nil
}

// toSeconds is a record as a store of seconds gives it back.
func toSeconds(r domain.Record) domain.Record {
	cut := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return time.Unix(t.Unix(), 0).UTC()
	}
	switch r := r.(type) {
	case domain.AccessToken:
		r.CachedAt, r.ExpiresOn, r.ExtendedExpiresOn, r.RefreshOn = cut(r.CachedAt), cut(r.ExpiresOn), cut(r.ExtendedExpiresOn), cut(r.RefreshOn)
		return r
	case domain.RefreshToken:
		r.LastModified, r.ExpiresOn = cut(r.LastModified), cut(r.ExpiresOn)
		return r
	}
	return r
}

// readOwn reads the own section.
func (c *Cache) readOwn(raw []byte) {
	top, ok := document(raw)
	f := fields{list: top}
	if version, err := strconv.Atoi(string(f.raw("version"))); err == nil && version > ownVersion {
		c.newer, c.ownRaw = true, raw
		c.report(ownSection, -1, "was written by a newer version; the file is read and not written")
		return
	}
	var content struct {
		Records []json.RawMessage   `json:"records"`
		Without map[string][]string `json:"without"`
	}
	if !ok || json.Unmarshal(raw, &content) != nil {
		c.damage(ownSection, "cannot be read")
		return
	}
	for i, raw := range content.Records {
		e := decodeOwn(raw)
		if e.problem != "" {
			c.report(ownSection, i, e.problem)
		}
		c.own = append(c.own, e)
	}
	for text, list := range content.Without {
		if p, err := domain.ParsePartitionKey(text); err == nil {
			c.without[p] = list
		}
	}
}

// writeOwn returns the own section; nil when there is nothing in it.
func (c *Cache) writeOwn() []byte {
	if c.newer {
		return c.ownRaw
	}
	if len(c.own)+len(c.without) == 0 {
		return nil
	}
	content := struct {
		Version int                 `json:"version"`
		Records []json.RawMessage   `json:"records"`
		Without map[string][]string `json:"without,omitempty"`
	}{Version: ownVersion, Records: make([]json.RawMessage, 0, len(c.own)), Without: make(map[string][]string, len(c.without))}
	for _, e := range c.own {
		content.Records = append(content.Records, e.raw)
	}
	for p, list := range c.without {
		content.Without[p.Text()] = list
	}
	raw, err := json.Marshal(content)
	if err != nil { // every part has been JSON before
		return nil
	}
	return raw
}

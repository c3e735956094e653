package unified

import (
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// sections are the kinds of record by the name of their section.
var sections = [...]string{
	domain.AccessTokenRecord:  "AccessToken",
	domain.RefreshTokenRecord: "RefreshToken",
	domain.IDTokenRecord:      "IdToken",
	domain.AccountRecord:      "Account",
	domain.AppMetadataRecord:  "AppMetadata",
}

func kindOf(section string) domain.RecordKind {
	for kind, name := range sections {
		if name == section && name != "" {
			return domain.RecordKind(kind)
		}
	}
	return 0
}

// entry is one record of the file. It does not change.
type entry struct {
	kind    domain.RecordKind
	name    string
	rawName []byte
	raw     []byte

	// views are the partitions that have the record. Accounts and client metadata are
	// shared: their record is in shared. Entries that are only kept have neither.
	views  []view
	shared domain.Record

	home, client string // whose it is, also of entries that are only kept
}

type view struct {
	partition domain.PartitionKey
	record    domain.Record
}

// decode reads one record. The problem is "" also for records that are only kept.
func decode(kind domain.RecordKind, m member) (e *entry, problem string) {
	e = &entry{kind: kind, name: m.name, rawName: m.rawName, raw: m.value}
	list, ok := document(m.value)
	if !ok {
		return e, "is not a JSON object"
	}
	f := &fields{list: list}
	e.home, e.client = f.text(fieldHome), f.text(fieldClient)
	var key string
	switch kind {
	case domain.AccessTokenRecord:
		key = e.accessToken(f)
	case domain.RefreshTokenRecord:
		key = e.refreshToken(f)
	case domain.IDTokenRecord:
		key = e.idToken(f)
	case domain.AccountRecord:
		key = e.account(f)
	case domain.AppMetadataRecord:
		key = e.appMetadata(f)
	}
	switch {
	case f.problem != "":
		problem = f.problem
	case !strings.HasPrefix(strings.ToLower(m.name), key):
		problem = "is of something else than its name says"
	default:
		return e, ""
	}
	e.views, e.shared = nil, nil
	return e, problem
}

// foreign says that the record is of a kind that only others know.
func (e *entry) foreign(f *fields, credential string) bool {
	return f.isBound() || f.text(fieldType) != "" && !strings.EqualFold(f.text(fieldType), credential)
}

// environmentOf is the host under which the domain files what any of its names wrote.
func environmentOf(host string) string { return domain.CanonicalEnvironment(strings.ToLower(host)) }

// accessToken returns what the entry's name begins with.
func (e *entry) accessToken(f *fields) (key string) {
	typ := f.text(fieldTokenType)
	if typ == "" {
		typ = domain.TokenTypeBearer
	}
	if e.foreign(f, "AccessToken") || !strings.EqualFold(typ, domain.TokenTypeBearer) {
		return ""
	}
	environment, realm, target := f.needed(fieldEnvironment), f.text(fieldRealm), f.text(fieldTarget)
	scopes := domain.ScopesFromResponse(target)
	t := domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: environmentOf(environment), Tenant: realm, ClientID: f.needed(fieldClient),
			Scopes: scopes.Lookup().Key(),
		},
		Secret: domain.NewSecret(f.needed(fieldSecret)), Type: typ, Scopes: scopes, HomeAccountID: e.home,
		CachedAt: f.seconds(fieldCachedAt), ExpiresOn: f.seconds(fieldExpiresOn),
		ExtendedExpiresOn: f.seconds(fieldExtended), RefreshOn: f.seconds(fieldRefreshOn),
	}
	if asked := f.text(fieldAsked); asked != "" {
		t.Key.Scopes = asked
	}
	switch {
	case t.ExpiresOn.IsZero():
		f.fail(fieldExpiresOn, "is missing")
	case e.home != "":
		e.views = []view{{domain.UserKey(e.client, e.home), t}}
	case isDefaultScope(target):
		e.views = []view{{domain.AppKey(e.client, realm, scopes.Resource()), t}}
	} // anything else without a user might be a user's all the same
	return keyOf(e.home, environment, "accesstoken", e.client, realm, target)
}

// isDefaultScope reports whether a token can only be an application's own or one for
// everything that was consented to.
func isDefaultScope(target string) bool {
	return strings.HasSuffix(strings.ToLower(target), "/.default") && !strings.Contains(target, " ")
}

func (e *entry) refreshToken(f *fields) (key string) {
	if e.foreign(f, "RefreshToken") {
		return ""
	}
	environment, family := f.needed(fieldEnvironment), f.text(fieldFamily)
	t := domain.RefreshToken{
		Key: domain.RecordKey{
			Kind: domain.RefreshTokenRecord, Environment: environmentOf(environment), Tenant: f.text(fieldRealm), ClientID: f.needed(fieldClient),
		},
		Secret: domain.NewSecret(f.needed(fieldSecret)), HomeAccountID: f.needed(fieldHome), ClientID: e.client, FamilyID: family,
		Scopes: domain.ScopesFromResponse(f.text(fieldTarget)), LastModified: f.seconds(fieldModified), ExpiresOn: f.seconds(fieldExpiresOn),
	}
	partition := f.text(fieldPartition)
	if partition != domain.FamilyPartition.String() {
		e.views = append(e.views, view{domain.UserKey(e.client, e.home), t})
	}
	if family != "" && partition != domain.UserPartition.String() {
		t.Key.ClientID = family
		e.views = append(e.views, view{domain.FamilyKey(family, e.home), t})
	}
	key = keyOf(e.home, environment, "refreshtoken", e.client)
	if ofFamily := keyOf(e.home, environment, "refreshtoken", family); family != "" && strings.HasPrefix(strings.ToLower(e.name), ofFamily) {
		return ofFamily
	}
	return key
}

func (e *entry) idToken(f *fields) (key string) {
	if e.foreign(f, "IdToken") {
		return ""
	}
	environment, realm := f.needed(fieldEnvironment), f.text(fieldRealm)
	t := domain.IDToken{
		Key: domain.RecordKey{
			Kind: domain.IDTokenRecord, Environment: environmentOf(environment), Tenant: realm, ClientID: f.needed(fieldClient),
		},
		Secret: domain.NewSecret(f.needed(fieldSecret)), HomeAccountID: f.needed(fieldHome),
	}
	e.views = []view{{domain.UserKey(e.client, e.home), t}}
	return keyOf(e.home, environment, "idtoken", e.client, realm)
}

func (e *entry) account(f *fields) (key string) {
	environment, realm := f.needed(fieldEnvironment), f.text(fieldRealm)
	e.shared = domain.Account{
		HomeAccountID: f.needed(fieldHome), LocalAccountID: f.text(fieldLocal), Environment: environmentOf(environment), Tenant: realm,
		Username: f.text(fieldUsername), AuthorityType: f.text(fieldAuthorityType), Source: domain.AccountSource(f.text(fieldSource)),
	}
	return keyOf(e.home, environment, realm)
}

func (e *entry) appMetadata(f *fields) (key string) {
	environment := f.needed(fieldEnvironment)
	e.shared = domain.AppMetadata{
		Key:      domain.RecordKey{Kind: domain.AppMetadataRecord, Environment: environmentOf(environment), ClientID: f.needed(fieldClient)},
		ClientID: e.client, FamilyID: f.text(fieldFamily),
	}
	return keyOf("appmetadata", environment, e.client)
}

// record returns what the entry is to a partition; nil when it is nothing.
func (e *entry) record(p domain.PartitionKey) domain.Record {
	if i := slices.IndexFunc(e.views, func(v view) bool { return v.partition == p }); i >= 0 {
		return e.views[i].record
	}
	return nil
}

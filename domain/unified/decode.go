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

// entry is one record of the file. It does not change. What it says is decoded when somebody asks for it, as
// a program mostly wants one record of many.
type entry struct {
	kind    domain.RecordKind // 0 in the own section
	name    string
	rawName []byte
	raw     []byte
	problem string // why it is not used; "" also for what is only kept

	// partitions have the record. Accounts and client metadata are shared, and have none.
	// Entries that are only kept have neither.
	partitions []domain.PartitionKey
	shared     domain.Record
	own        domain.Record // of the own section

	home, client string // whose it is, also of entries that are only kept
}

// decode reads one record.
func decode(kind domain.RecordKind, m member) *entry {
	list, ok := document(m.value)
	return newEntry(kind, m, list, ok)
}

// newEntry looks at a record's members: whether they are what they should be, and whose it is.
func newEntry(kind domain.RecordKind, m member, list []member, isObject bool) *entry {
	e := &entry{kind: kind, name: m.name, rawName: m.rawName, raw: m.value}
	if !isObject {
		e.problem = "is not a JSON object"
		return e
	}
	f := &fields{list: list}
	e.home, e.client = f.text(fieldHome), f.text(fieldClient)
	agrees := false
	switch kind {
	case domain.AccessTokenRecord:
		agrees = e.isAccessToken(f)
	case domain.RefreshTokenRecord:
		agrees = e.isRefreshToken(f)
	case domain.IDTokenRecord:
		agrees = e.isIDToken(f)
	case domain.AccountRecord:
		agrees = e.isAccount(f)
	case domain.AppMetadataRecord:
		agrees = e.isAppMetadata(f)
	}
	switch {
	case f.problem != "":
		e.problem = f.problem
	case !agrees:
		e.problem = "is of something else than its name says"
	default:
		return e
	}
	e.partitions, e.shared = nil, nil
	return e
}

// foreign says that the record is of a kind that only others know.
func (e *entry) foreign(f *fields, credential string) bool {
	return f.isBound() || f.text(fieldType) != "" && !strings.EqualFold(f.text(fieldType), credential)
}

// environmentOf is the host under which the domain files what any of its names wrote.
func environmentOf(host string) string { return domain.CanonicalEnvironment(strings.ToLower(host)) }

// isAccessToken reports whether what the record says agrees with its name. Problems are in the fields.
func (e *entry) isAccessToken(f *fields) bool {
	typ := f.text(fieldTokenType)
	if typ == "" {
		typ = domain.TokenTypeBearer
	}
	if e.foreign(f, "AccessToken") || !strings.EqualFold(typ, domain.TokenTypeBearer) {
		return true
	}
	environment, realm, target := f.needed(fieldEnvironment), f.text(fieldRealm), f.text(fieldTarget)
	f.has(fieldClient)
	f.has(fieldSecret)
	f.seconds(fieldCachedAt)
	ends := f.seconds(fieldExpiresOn)
	f.seconds(fieldExtended)
	f.seconds(fieldRefreshOn)
	f.isText(fieldAsked)
	switch {
	case ends.IsZero():
		f.fail(fieldExpiresOn, "is missing")
	case e.home != "":
		e.partitions = []domain.PartitionKey{domain.UserKey(e.client, e.home)}
	case isDefaultScope(target):
		e.partitions = []domain.PartitionKey{domain.AppKey(e.client, realm, domain.ScopesFromResponse(target).Resource())}
	} // anything else without a user might be a user's all the same
	return e.isNamed(e.home, environment, "accesstoken", e.client, realm, target)
}

func accessToken(f *fields) domain.AccessToken {
	scopes := domain.ScopesFromResponse(f.text(fieldTarget))
	t := domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: environmentOf(f.text(fieldEnvironment)), Tenant: f.text(fieldRealm),
			ClientID: f.text(fieldClient), Scopes: f.text(fieldAsked),
		},
		Secret: domain.NewSecret(f.text(fieldSecret)), Type: f.text(fieldTokenType), Scopes: scopes, HomeAccountID: f.text(fieldHome),
		CachedAt: f.seconds(fieldCachedAt), ExpiresOn: f.seconds(fieldExpiresOn),
		ExtendedExpiresOn: f.seconds(fieldExtended), RefreshOn: f.seconds(fieldRefreshOn),
	}
	if t.Key.Scopes == "" {
		t.Key.Scopes = scopes.Lookup().Key()
	}
	if t.Type == "" {
		t.Type = domain.TokenTypeBearer
	}
	return t
}

// isDefaultScope reports whether a token can only be an application's own or one for
// everything that was consented to.
func isDefaultScope(target string) bool {
	return strings.HasSuffix(strings.ToLower(target), "/.default") && !strings.Contains(target, " ")
}

func (e *entry) isRefreshToken(f *fields) bool {
	if e.foreign(f, "RefreshToken") {
		return true
	}
	environment, family := f.needed(fieldEnvironment), f.text(fieldFamily)
	f.isText(fieldRealm)
	f.has(fieldClient)
	f.has(fieldSecret)
	f.has(fieldHome)
	f.isText(fieldTarget)
	f.seconds(fieldModified)
	f.seconds(fieldExpiresOn)
	partition := f.text(fieldPartition)
	if partition != domain.FamilyPartition.String() {
		e.partitions = append(e.partitions, domain.UserKey(e.client, e.home))
	}
	if family != "" && partition != domain.UserPartition.String() {
		e.partitions = append(e.partitions, domain.FamilyKey(family, e.home))
	}
	return family != "" && e.isNamed(e.home, environment, "refreshtoken", family) ||
		e.isNamed(e.home, environment, "refreshtoken", e.client)
}

func refreshToken(f *fields, p domain.PartitionKey) domain.RefreshToken {
	return domain.RefreshToken{
		Key: domain.RecordKey{ // p's client is the token's or its family
			Kind: domain.RefreshTokenRecord, Environment: environmentOf(f.text(fieldEnvironment)), Tenant: f.text(fieldRealm), ClientID: p.ClientID(),
		},
		Secret: domain.NewSecret(f.text(fieldSecret)), HomeAccountID: f.text(fieldHome), ClientID: f.text(fieldClient), FamilyID: f.text(fieldFamily),
		Scopes: domain.ScopesFromResponse(f.text(fieldTarget)), LastModified: f.seconds(fieldModified), ExpiresOn: f.seconds(fieldExpiresOn),
	}
}

func (e *entry) isIDToken(f *fields) bool {
	if e.foreign(f, "IdToken") {
		return true
	}
	environment, realm := f.needed(fieldEnvironment), f.text(fieldRealm)
	f.has(fieldClient)
	f.has(fieldSecret)
	f.has(fieldHome)
	e.partitions = []domain.PartitionKey{domain.UserKey(e.client, e.home)}
	return e.isNamed(e.home, environment, "idtoken", e.client, realm)
}

func idToken(f *fields) domain.IDToken {
	return domain.IDToken{
		Key: domain.RecordKey{
			Kind: domain.IDTokenRecord, Environment: environmentOf(f.text(fieldEnvironment)), Tenant: f.text(fieldRealm), ClientID: f.text(fieldClient),
		},
		Secret: domain.NewSecret(f.text(fieldSecret)), HomeAccountID: f.text(fieldHome),
	}
}

func (e *entry) isAccount(f *fields) bool {
	environment, realm := f.needed(fieldEnvironment), f.text(fieldRealm)
	e.shared = domain.Account{
		HomeAccountID: f.needed(fieldHome), LocalAccountID: f.text(fieldLocal), Environment: environmentOf(environment), Tenant: realm,
		Username: f.text(fieldUsername), AuthorityType: f.text(fieldAuthorityType), Source: domain.AccountSource(f.text(fieldSource)),
	}
	return e.isNamed(e.home, environment, realm)
}

func (e *entry) isAppMetadata(f *fields) bool {
	environment := f.needed(fieldEnvironment)
	e.shared = domain.AppMetadata{
		Key:      domain.RecordKey{Kind: domain.AppMetadataRecord, Environment: environmentOf(environment), ClientID: f.needed(fieldClient)},
		ClientID: e.client, FamilyID: f.text(fieldFamily),
	}
	return e.isNamed("appmetadata", environment, e.client)
}

// record decodes what the entry is to a partition; nil when it is nothing.
func (e *entry) record(p domain.PartitionKey) domain.Record {
	if !slices.Contains(e.partitions, p) {
		return nil
	}
	if e.own != nil {
		return e.own
	}
	list, _ := document(e.raw)
	f := &fields{list: list}
	switch e.kind {
	case domain.AccessTokenRecord:
		return accessToken(f)
	case domain.RefreshTokenRecord:
		return refreshToken(f, p)
	case domain.IDTokenRecord:
		return idToken(f)
	}
	return nil
}

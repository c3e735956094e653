package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// AccountFilter chooses accounts. The zero AccountFilter chooses all.
type AccountFilter struct {
	// Username in any letter case; when empty, any.
	Username string
	// HomeAccountID is one user's; with it nothing else is looked at. When empty, any.
	HomeAccountID string
	// EveryTenant yields a user once for each tenant that knows them, and not once in all.
	EveryTenant bool
}

func (f AccountFilter) admits(a domain.Account) bool {
	return f.Username == "" || strings.EqualFold(f.Username, a.Username)
}

// accounts returns who is signed in, according to the cache.
func (c *core) accounts(ctx context.Context, f AccountFilter) ([]domain.Account, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	keys, err := c.accountKeys(ctx, f)
	if err != nil {
		return nil, err
	}
	var found []domain.Account
	seen := map[string]bool{}
	for _, key := range keys {
		set, err := c.ports.TokenCache.Load(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("accounts: the token cache could not be read: %w", err)
		}
		profiles := c.profiles(set)
		if len(profiles) == 0 || seen[key.Owner()] {
			continue
		}
		seen[key.Owner()] = true
		admitted := slices.DeleteFunc(profiles, func(a domain.Account) bool { return !f.admits(a) })
		if !f.EveryTenant {
			admitted = admitted[:min(1, len(admitted))]
		}
		found = append(found, admitted...)
	}
	return found, nil
}

// accountKeys lists the partitions that may hold accounts: the client's own, then
// those that its family shares.
func (c *core) accountKeys(ctx context.Context, f AccountFilter) ([]domain.PartitionKey, error) {
	isEntra := c.authority.Kind() == domain.KindEntra
	if f.HomeAccountID != "" {
		keys := []domain.PartitionKey{domain.UserKey(c.clientID, f.HomeAccountID)}
		if isEntra {
			keys = append(keys, domain.FamilyKey(firstFamily, f.HomeAccountID))
		}
		return keys, nil
	}
	filters := []domain.PartitionFilter{{Kind: domain.UserPartition, ClientID: c.clientID}}
	if isEntra {
		filters = append(filters, domain.PartitionFilter{Kind: domain.FamilyPartition, ClientID: firstFamily})
	}
	var keys []domain.PartitionKey
	for _, filter := range filters {
		for key, err := range c.ports.TokenCache.Keys(ctx, filter) {
			if err != nil {
				return nil, fmt.Errorf("accounts: the token cache could not be listed: %w", err)
			}
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// profiles returns the user as the tenants of the client's cloud know them, the home
// tenant first.
func (c *core) profiles(set domain.TokenSet) []domain.Account {
	var out []domain.Account
	for _, a := range set.Accounts() {
		if a.Environment != c.environment || (c.authority.Kind() == domain.KindOIDC && a.Tenant != c.tenant) {
			continue
		}
		if home := domain.ClientInfoOf(a.HomeAccountID).TenantID; strings.EqualFold(home, a.Tenant) {
			out = append([]domain.Account{a}, out...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

// removeAccount signs a user out of this client and of its family, in the client's
// cloud. A refresh under way cannot undo it: it finds the account gone and stores
// nothing. Other clients' tokens stay.
func (c *core) removeAccount(ctx context.Context, account domain.Account) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if account.IsZero() {
		return &domain.ConfigError{Field: "Account", Problem: "is empty", Remedy: "pass one that Accounts returned"}
	}
	own := domain.UserKey(c.clientID, account.HomeAccountID)
	family := ""
	err := c.ports.TokenCache.Update(ctx, own, func(s domain.TokenSet) (domain.TokenSet, error) {
		if family = ""; c.authority.Kind() == domain.KindEntra {
			family = firstFamily // until the server has said which, if any
		}
		if m, ok := s.AppMetadata(domain.AppMetadataKey(c.authority, c.clientID)); ok {
			family = m.FamilyID
		}
		return c.withoutOwnCloud(s)
	})
	failed := []error{err}
	if family != "" {
		failed = append(failed, c.ports.TokenCache.Update(ctx, domain.FamilyKey(family, account.HomeAccountID), c.withoutOwnCloud))
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("remove account: the token cache could not be written: %w", err)
	}
	c.debug(ctx, "an account was removed", c.persons(person{account, account.Tenant})...)
	return nil
}

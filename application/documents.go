package application

import (
	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/domain"
)

// ParseServerMetadata reads a metadata document, such as one that was saved from an
// authority's /.well-known/openid-configuration, for the field Metadata of a
// configuration: with it a client in a network without that address starts all the same.
// It fails with a [*domain.ConfigError].
func ParseServerMetadata(document []byte) (*domain.ServerMetadata, error) {
	m, field, problem, err := authority.Decode(document)
	if problem == "" && err == nil {
		if m.TokenEndpoint == "" {
			field, problem = "token_endpoint", "is missing"
		} else {
			field, problem = m.Check()
		}
	}
	if problem != "" || err != nil {
		return nil, badDocument("Metadata", field, problem, err, "pass what the authority publishes at /.well-known/openid-configuration")
	}
	return &m, nil
}

// ParseInstanceMetadata reads an instance discovery document (the answer of
// /common/discovery/instance?api-version=1.1), for the field Clouds of a configuration.
// It fails with a [*domain.ConfigError].
func ParseInstanceMetadata(document []byte) ([]domain.CloudInfo, error) {
	clouds, problem, err := authority.DecodeClouds(document)
	if problem != "" || err != nil {
		return nil, badDocument("Clouds", "", problem, err, "pass an instance discovery document of api-version 1.1")
	}
	return clouds, nil
}

func badDocument(field, member, problem string, err error, remedy string) error {
	if member != "" {
		problem = member + " " + problem
	}
	if problem == "" {
		problem = "is no document"
	}
	return &domain.ConfigError{Field: field, Problem: problem, Remedy: remedy, Err: err}
}

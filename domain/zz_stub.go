package domain

type TokenSet struct{}
type PartitionKey struct{}
type PartitionFilter struct{}
type TokenRequest struct{}
type Result struct{}

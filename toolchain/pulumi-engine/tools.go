//go:build toolchain

// Package toolchain pins the Pulumi command line as a Go module, for machines that
// reach a Go module proxy but not Pulumi's release archive.
package toolchain

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

//! What the tests of this room share: short ways to build requirements and evidence.

use serde_json::Value;

use super::criteria::Content;
use super::evaluate::{ArtifactEvidence, Evidence, evaluate};
use super::requirements::{InvalidRequirement, Requirements};
use super::verdict::Check;

/// Requirements with these criteria and nothing else.
pub fn with_criteria(criteria: &Value) -> Result<Requirements, InvalidRequirement> {
    Requirements::parse(&[], false, Some(criteria), false)
}

/// An artifact with a JSON content.
pub fn artifact(artifact_type: &str, content: Value) -> ArtifactEvidence {
    ArtifactEvidence {
        artifact_type: artifact_type.to_owned(),
        content: Content::Json(content),
    }
}

/// Evidence with these artifacts and nothing else.
pub fn with_artifacts(artifacts: Vec<ArtifactEvidence>) -> Evidence {
    Evidence {
        artifacts,
        ..Evidence::default()
    }
}

/// The verdict where no jsonpath is true.
pub fn judged(requirements: &Requirements, evidence: &Evidence) -> Check {
    evaluate(requirements, evidence, |_, _| Ok(Some(false)))
}

"""Trainings as a workflow of GitHub Actions (layer 5), by `repository_dispatch`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from driftwatch._checks import is_text
from driftwatch.alerting._http import Endpoint
from driftwatch.alerting.secrets import Secret
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.alerting.retraining.request import RetrainRequest

__all__ = ["GitHubTarget"]

API = "https://api.github.com"
EVENT_TYPE = "driftwatch-retrain"
MAX_EVENT_TYPE = 100  # of GitHub's API
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/[\w.-]{1,100}")


class GitHubTarget:
    """Sends a `repository_dispatch`, which starts the workflows on the default branch that wait for its type.

    Parameters
    ----------
    repository : str
        `owner/name`.
    token : str or Secret
        Fine-grained, with `contents: write` on the repository.
    event_type : str
        What workflows name under `types:`.
    api : str, Secret or Endpoint
        Of a GitHub Enterprise Server, such as `https://github.example.com/api/v3`.

    Notes
    -----
    The request is `github.event.client_payload.driftwatch` in the workflow, under one key as GitHub takes ten at most.
    GitHub does not know ids: name `client_payload.driftwatch.id` in the workflow's `concurrency` group.
    """

    def __init__(
        self,
        repository: str,
        *,
        token: str | Secret,
        event_type: str = EVENT_TYPE,
        api: str | Secret | Endpoint = API,
    ) -> None:
        if not _REPOSITORY.fullmatch(repository):
            raise ConfigError(f"`repository` must be 'owner/name', got {repository!r:.80}.")
        if not is_text(event_type) or len(event_type) > MAX_EVENT_TYPE:
            raise ConfigError(
                f"`event_type` must be text of at most {MAX_EVENT_TYPE} characters, got {event_type!r:.80}."
            )
        endpoint = api if isinstance(api, Endpoint) else Endpoint(Secret.of(api))
        self._endpoint = endpoint.at(f"/repos/{repository}/dispatches")
        self._token, self._event_type = Secret.of(token), event_type

    def start(self, request: RetrainRequest) -> None:
        """Post the event."""
        content = {"event_type": self._event_type, "client_payload": {"driftwatch": request.to_dict()}}
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token.reveal()}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._endpoint.post(json.dumps(content).encode(), headers)

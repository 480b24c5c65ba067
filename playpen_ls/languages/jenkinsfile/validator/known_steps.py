"""Names of declarative pipelines that Jenkins itself and its common plugins define.

The tables are not complete: other plugins define more names.
"""

from __future__ import annotations

from playpen_ls.text.dataclass import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# In the order in which Jenkins' messages list them.
CONDITIONS = _words("always changed fixed regression aborted success unsuccessful unstable failure notBuilt cleanup")
AGENTS = _words("any dockerfile docker kubernetes label none node")
WHEN = _words(
    """allOf anyOf branch buildingTag changeRequest changelog changeset environment equals expression isRestartedRun not
    tag triggeredBy"""
)
WHEN_SETTINGS = frozenset(_words("beforeAgent beforeInput beforeOptions"))
PIPELINE_SECTIONS = frozenset(_words("stages environment post agent tools options parameters triggers libraries"))
STAGE_SECTIONS = frozenset(
    _words("agent when steps post options input tools environment parallel matrix failFast stages")
)
MATRIX_SECTIONS = frozenset(_words("axes excludes agent when post options input tools environment stages"))
INPUT_FIELDS = frozenset(_words("message id ok submitter submitterParameter parameters"))
RENAMED = {
    "properties": "The ‘properties’ section has been renamed as of version 0.8. Use ‘options’ instead.",
    "wrappers": "The 'wrappers' section has been removed as of version 0.8. Use 'options' instead.",
    "jobProperties": "The ‘jobProperties’ section has been renamed as of version 0.7. Use ‘properties’ instead.",
    "notifications": "The ‘notifications’ section has been removed as of version 0.6. "
    "Use ‘post’ for all post-build actions.",
    "postBuild": "The ‘postBuild’ section has been renamed as of version 0.6. Use ‘post’ for all post-build actions.",
}
RENAMED_TO = {
    "properties": "options", "wrappers": "options", "jobProperties": "options", "notifications": "post",
    "postBuild": "post",
}  # fmt: skip
BLOCKED = {
    "stage": "The stage step cannot be used in Declarative Pipelines",
    "properties": "The properties step cannot be used in Declarative Pipelines",
    "parallel": "The parallel step can only be used as the only top-level step in a stage's step block",
    "node": "The node step cannot be called as an argument to a method in Declarative Pipelines",
}
"""Steps that are not allowed; `node` only as an argument of a method."""

JOB_OPTIONS = frozenset(
    _words(
        """buildDiscarder disableConcurrentBuilds disableResume overrideIndexTriggers preserveStashes quietPeriod
        skipStagesAfterUnstable newContainerPerStage parallelsAlwaysFailFast disableRestartFromStage
        rateLimitBuilds durabilityHint throttleJobProperty gitLabConnection
        copyArtifactPermission authorizationMatrix githubProjectProperty office365ConnectorWebhooks buildBlocker
        datadog lastChanges sidebarLinks priority gitHubProjectProperty logRotator rebuild disableProject
        defaultRebuild kubernetesAnnotations lockableResources bitbucketServer giteaConnection hipchat jobWeight
        ansiColorProperty githubProject weatherHealth excludeFromDependency"""
    )
)
STAGE_OPTIONS = frozenset(
    _words(
        """skipDefaultCheckout checkoutToSubdirectory timeout retry timestamps
        ansiColor lock withCredentials withEnv catchError warnError
        throttle wrap dir ws script waitUntil gitlabBuilds gitlabCommitStatus withSonarQubeEnv nodejs withMaven
        sshagent withAWS withKubeConfig wrap logstash buildDescription withChecks withPhabricator rtp warnError
        configFileProvider container milestone withFolderProperties withGradle withContext xvfb withDockerRegistry
        withAnt withXvnc withAnsible withVault hideFromView updateGitlabCommitStatus maskPasswords timestamper
        parallel retryOn xvnc gitea conditionalSteps inheritCredentials withPythonEnv withEnvFile withDockerServer
        withDockerContainer withFileParameter podTemplate updateLock cache"""
    )
)
"""Options that say that they can be used in stages (`canUseInStage`), and steps that take a block."""
# The options that Jenkins lists without further plugins.
BUILT_IN_OPTIONS = _words(
    """buildDiscarder catchError checkoutToSubdirectory disableConcurrentBuilds disableRestartFromStage disableResume
    durabilityHint newContainerPerStage overrideIndexTriggers parallelsAlwaysFailFast preserveStashes quietPeriod
    rateLimitBuilds retry script skipDefaultCheckout skipStagesAfterUnstable timeout timestamps waitUntil warnError
    withContext withCredentials withEnv wrap ws"""
)
BUILT_IN_STAGE_OPTIONS = tuple(one for one in BUILT_IN_OPTIONS if one not in JOB_OPTIONS)
NO_OPTIONS = frozenset(
    _words(
        """echo sh bat powershell pwsh error sleep stash unstash archiveArtifacts junit input mail readFile writeFile
        fileExists build checkout git deleteDir cleanWs pwd isUnix unstable string booleanParam choice text password
        cron pollSCM upstream agent tools environment stages steps when post"""
    )
)
"""Steps, sections and the like, which no plugin defines as an option."""

TRIGGERS = frozenset(
    _words(
        """cron pollSCM upstream githubPush gitlab bitbucketPush GenericTrigger genericTrigger issueCommentTrigger
        issue_comment pullRequestReview githubPullRequests githubBranches ghprb gerrit gerritTrigger parameterizedCron
        urlTrigger dockerHub dockerHubTrigger ciBuildTrigger snapshotDependencies eventTrigger bitBucketTrigger
        bitbucketPushTrigger BitBucketPPRTrigger bitBucketPullRequestReviewTrigger pollMerge jiraTrigger giteaPush
        activeMQ rabbitMQ amqp filesFoundTrigger multiBranchPullRequestTrigger prTrigger nexus artifactory
        artifactoryTrigger registryImageTrigger dockerImageTrigger eventBus gerritChangeMerged xTrigger fSTrigger
        GitHubPRTrigger generic artifactoryBuildTrigger sqs pubsub periodicFolderTrigger startUp
        hudsonStartupTrigger gitLabPush bitbucketServerPush issueComment issueCommentCreated"""
    )
)
PARAMETERS = frozenset(
    _words(
        """string booleanParam choice text password
        credentialsParam nonStoredPasswordParam file stashedFile base64File credentials run gitParameter
        extendedChoice activeChoice activeChoiceParam activeChoiceReactiveParam reactiveChoice
        reactiveReferenceParameter activeChoiceHtml validatingString separator imageTag imageTagName listSubversionTags
        listGitBranches hidden jiraIssue jiraVersion persistentString persistentChoice persistentText persistentBoolean
        node
        nodeParameter label labelParam agentParameter agent datePicker date RESTList restListParameter editableChoice
        nonStoredPassword nonStoredPasswordParam random randomString filesystemList s3Parameter mavenMetadata
        gitlabBranch versionNumber extensibleChoice extendedChoiceParameter sonarQube multiselect booleanChoice
        hiddenParam wHideParameterDefinition dockerImage simpleText matrixCombinations buildSelector
        buildSelectorParam parameterSeparator gitTag gitBranch promotion ecrImage readOnlyString"""
    )
)
SECOND_NAMES = {
    "stringParam": "string", "textParam": "text", "choiceParam": "choice", "fileParam": "file", "runParam": "run",
}  # fmt: skip
"""Aliases of parameter types that only scripts can use: a declarative pipeline knows the first name of each type."""
TOOLS = frozenset(
    _words(
        """ant git gradle jdk maven jgit jgitapache nodejs go golang groovy gant sbt scala python perl ruby dotnetsdk
        dotnet cmake terraform packer ansible docker dockerTool helm kubectl oc allure msbuild mstest vstest nunit
        sonar sonarQubeScanner hugo yarn nvm android androidSdk snyk dependencyCheck xvfb custom customTool
        msbuildScanner codeql grails flutter bazel buf trivy vault jfrog jfrogCli jf mill leiningen lein rake rbenv
        conan anchore robot nuget doxygen dp tfs mercurial hg xcode jacoco bun deno cargo rust flyway liquibase
        """
    )
)
# An unknown name that is similar to one of these is misspelled.
NEAR_TOOLS = ("ant", "git", "gradle", "jdk", "maven", "nodejs")
NEAR_TRIGGERS = ("cron", "pollSCM", "upstream", "githubPush", "gitlab")
NEAR_PARAMETERS = ("string", "booleanParam", "choice", "text", "password", "file", "credentials", "run")


@dataclass(frozen=True)
class Parameters:
    """The parameters of a step or symbol. `kinds` maps names to "text", "number", "truth" or "" for any type."""

    kinds: dict[str, str]
    required: tuple[str, ...] = ()
    block: bool = False

    @property
    def sole(self) -> str:
        """The only required parameter, which can be passed without its name, else ""."""
        return self.required[0] if len(self.required) == 1 else ""


def _step(text: str, block: bool = False) -> Parameters:
    """Parse `name:kind` entries separated by whitespace; `!` after the name means required."""
    kinds, required = {}, []
    for one in text.split():
        name, _, kind = one.partition(":")
        bare = name.rstrip("!")
        kinds[bare] = {"s": "text", "i": "number", "b": "truth"}.get(kind, "")
        if bare != name:
            required.append(bare)
    return Parameters(kinds, tuple(required), block)


_SHELL = _step("script!:s encoding:s label:s returnStatus:b returnStdout:b")
STEPS = {
    "sh": _SHELL,
    "bat": _SHELL,
    "powershell": _SHELL,
    "pwsh": _SHELL,
    "echo": _step("message!:s"),
    "error": _step("message!:s"),
    "unstable": _step("message!:s"),
    "timeout": _step("time!:i unit:s activity:b", block=True),
    "retry": _step("count!:i conditions", block=True),
    "sleep": _step("time!:i unit:s"),
    "dir": _step("path!:s", block=True),
    "ws": _step("dir!:s", block=True),
    "stash": _step("name!:s includes:s excludes:s useDefaultExcludes:b allowEmpty:b"),
    "unstash": _step("name!:s"),
    "archiveArtifacts": _step(
        """artifacts!:s allowEmptyArchive:b caseSensitive:b defaultExcludes:b excludes:s fingerprint:b followSymlinks:b
        onlyIfSuccessful:b latestOnly:b"""
    ),
    "junit": _step(
        """testResults!:s allowEmptyResults:b healthScaleFactor keepLongStdio:b keepProperties:b keepTestNames:b
        skipMarkingBuildUnstable:b skipMarkingStageUnstable:b skipOldReports:b skipPublishingChecks:b checksName:s
        testDataPublishers stdioRetention:s"""
    ),
    "input": _step("message!:s id:s ok:s cancel:s submitter:s submitterParameter:s parameters"),
    "mail": _step("subject!:s body!:s to:s cc:s bcc:s from:s replyTo:s charset:s mimeType:s"),
    "readFile": _step("file!:s encoding:s"),
    "fileExists": _step("file!:s"),
    "writeFile": _step("file!:s text!:s encoding:s"),
    "withCredentials": _step("bindings!", block=True),
    "withEnv": _step("overrides!", block=True),
    "warnError": _step("message!:s catchInterruptions:b", block=True),
    "catchError": _step("buildResult:s stageResult:s message:s catchInterruptions:b", block=True),
    "deleteDir": _step(""),
    "waitUntil": _step("initialRecurrencePeriod quiet:b", block=True),
}
_CHANGE = "id:s target:s branch:s fork:s url:s title:s author:s authorDisplayName:s authorEmail:s comparator:s"
WHEN_PARAMETERS = {
    "branch": _step("pattern!:s comparator:s"),
    "buildingTag": _step(""),
    "changeRequest": _step(_CHANGE),
    "changelog": _step("pattern!:s"),
    "changeset": _step("pattern!:s caseSensitive:b comparator:s glob:s"),
    "environment": _step("name!:s value!:s ignoreCase:b"),
    "equals": _step("expected! actual!"),
    "isRestartedRun": _step(""),
    "tag": _step("pattern!:s comparator:s"),
    "triggeredBy": _step("cause!:s type:s detail:s"),
}
SYMBOLS = {
    "string": _step("name!:s defaultValue:s description:s trim:b"),
    "text": _step("name!:s defaultValue:s description:s trim:b"),
    "booleanParam": _step("name!:s defaultValue:b description:s"),
    "choice": _step("name!:s choices description:s"),
    "cron": _step("spec!:s"),
    "pollSCM": _step("scmpoll_spec!:s ignorePostCommitHooks:b"),
    "upstream": _step("upstreamProjects!:s threshold"),
}
AGENT_PARAMETERS = {
    "label": _step("label! customWorkspace retries"),
    "node": _step("label! customWorkspace retries"),
    "docker": _step(
        """image! args label registryUrl registryCredentialsId customWorkspace reuseNode alwaysPull retries
        containerPerStageRoot"""
    ),
    "dockerfile": _step(
        """filename dir additionalBuildArgs args label registryUrl registryCredentialsId customWorkspace reuseNode
        alwaysPull retries"""
    ),
}

import {
  Application,
  Converter,
  type DeclarationReflection,
  type DocumentationEntryPoint,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
  TSConfigReader,
  type TypeDocOptions,
} from "typedoc";
import { load, type PluginOptions } from "typedoc-plugin-markdown";
import ts from "typescript";
import { type EntryPoint, REPOSITORY } from "./entry-points.ts";
import { ReferenceTheme, THEME } from "./theme.ts";

/** What TypeDoc reads in sources, the program that it was read from. */
export interface Reference {
  readonly project: ProjectReflection;
  readonly program: ts.Program;
  /** What a declaration is to the compiler. */
  symbolOf(declaration: DeclarationReflection): ts.Symbol | undefined;
  /** Makes a page for each entry point, in the place of what is in the folder. */
  render(folder: string): Promise<void>;
}

/**
 * Reads the exports of entry points.
 *
 * @param tsconfig the program that they belong to
 * @throws {Error} if the program cannot be read, or a docstring has a link that leads nowhere
 */
export async function readReference(entryPoints: readonly EntryPoint[], tsconfig: string): Promise<Reference> {
  const program = programOf(tsconfig);
  const application = await Application.bootstrapWithPlugins(optionsFor(entryPoints, tsconfig), [new TSConfigReader()]);
  application.renderer.defineTheme(THEME, ReferenceTheme);
  const symbols = new Map<DeclarationReflection, ts.Symbol | undefined>();
  application.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, declaration) => {
    symbols.set(declaration, context.getSymbolFromReflection(declaration));
  });
  const project = application.converter.convert(
    entryPoints.map(({ page, source }): DocumentationEntryPoint => {
      const sourceFile = program.getSourceFile(source);
      if (sourceFile === undefined) throw new Error(`Expected ${tsconfig} to include ${source}.`);
      return { displayName: page, program, sourceFile };
    }),
  );
  application.validate(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error("TypeDoc has found fault with the sources; what it is stands above.");
  }
  sortByName(project);
  return {
    project,
    program,
    symbolOf: (declaration) => symbols.get(declaration),
    render: (path) => application.outputs.writeOutput({ name: "markdown", path }, project),
  };
}

/** In this order they stand on a page. */
const GROUPS = ["Functions", "Interfaces", "Type Aliases", "Classes", "Properties", "Methods"];

function optionsFor(entryPoints: readonly EntryPoint[], tsconfig: string): Partial<TypeDocOptions> {
  const options: Partial<TypeDocOptions & PluginOptions> = {
    ...{ tsconfig, basePath: REPOSITORY, name: "Tickpipe", readme: "none", logLevel: LogLevel.Warn },
    plugin: [load],
    // TypeScript 7 has checked the sources; TypeDoc only reads them.
    skipErrorChecking: true,
    // Members that come from Node's and ioredis's types, and where things stand in the sources, which would change with every edit.
    ...{ excludeExternals: true, excludePrivate: true, disableSources: true },
    preservedTypeAnnotationTags: ["@throws"],
    ...{ sort: ["source-order"], groupOrder: GROUPS, sortEntryPoints: false },
    ...{ router: "module", theme: THEME, hidePageHeader: true, hideBreadcrumbs: true },
    pageTitleTemplates: { module: ({ name }) => specifierOf(entryPoints, name) },
    // Links lead to these, since GitHub numbers headings of the same name.
    ...{ useHTMLAnchors: true, anchorPrefix: "api-" },
    ...{ expandParameters: true, parametersFormat: "table", typeDeclarationFormat: "table" },
    ...{ interfacePropertiesFormat: "table", classPropertiesFormat: "table", typeAliasPropertiesFormat: "table" },
    tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true, hideSources: true },
  };
  return options as Partial<TypeDocOptions>;
}

function programOf(tsconfig: string): ts.Program {
  const parsed = ts.getParsedCommandLineOfConfigFile(tsconfig, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  });
  if (parsed === undefined) throw new Error(`Expected ${tsconfig} to be a tsconfig file.`);
  return ts.createProgram(parsed.fileNames, parsed.options);
}

function specifierOf(entryPoints: readonly EntryPoint[], page: string): string {
  return entryPoints.find((entryPoint) => entryPoint.page === page)?.specifier ?? page;
}

/** What a page has, kind by kind, by name; members stay as they were written, since what belongs together stands together there. */
function sortByName(project: ProjectReflection): void {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    for (const group of module.groups ?? []) group.children.sort((a, b) => (a.name < b.name ? -1 : 1));
    // Anchors are numbered in this order, and have to be in that of the page.
    module.children = module.groups?.flatMap(({ children }) => children as DeclarationReflection[]) ?? [];
  }
}

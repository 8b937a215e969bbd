/** A line with lines below it. */
export interface TreeNode {
  readonly text: string;
  readonly children?: readonly TreeNode[];
}

/** A tree drawn with box characters, one node a line. */
export function treeText(root: TreeNode): string {
  return [root.text, ...branches(root, "")].join("\n");
}

function branches({ children = [] }: TreeNode, indent: string): string[] {
  return children.flatMap((child, i) => {
    const isLast = i === children.length - 1;
    return [
      `${indent}${isLast ? "└─" : "├─"} ${child.text}`,
      ...branches(child, `${indent}${isLast ? "   " : "│  "}`),
    ];
  });
}

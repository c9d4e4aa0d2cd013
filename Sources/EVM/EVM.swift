import VMCommon
